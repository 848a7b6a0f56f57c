-- SPDX-License-Identifier: BSD-2-Clause
-- Takes records out of the history for good, as much as one script may: it is called until all is
-- done. KEYS: the changes, their time index. ARGV: family, session, epoch ("" = no fence), 1 = all
-- of the family that was deleted or else 0, ids of records.
-- With a record go those that it took the place of: a change that sets it and deletes them has their
-- text, and they may be in more.
-- Answer: {"OK", how many of the ids are done (of all: 1, or 0 = there is more), ids that were found
-- and are to be taken out as well...}, {"FENCED"} or {"INCOMPLETE"}
--include lib_changes.lua
local PURGE_BYTES, PURGE_CHANGES, HEAD = 65536, 32, 4 -- at most that and one change more
local family, all = ARGV[1], ARGV[4] == '1'
if ARGV[3] ~= '' and redis.call('HGET', session_key(ARGV[2]), 'epoch') ~= ARGV[3] then
    return { 'FENCED' }
end
if not index_ready('change', KEYS[1], KEYS[2]) then
    return { 'INCOMPLETE' }
end
local answer, spent, touched, meant = { 'OK', '0' }, 0, 0, {}

local function find(doc)
    local sets = all
    for _, write in ipairs(doc.writes) do
        sets = sets or (write.family == family and meant[write.id] and write.now ~= '')
    end
    for _, write in ipairs(doc.writes) do
        if sets and write.family == family and (all or write.now == '') and not meant[write.id] then
            meant[write.id] = true
            answer[#answer + 1] = write.id
        end
    end
end

local function goes(write)
    return write.family == family and meant[write.id]
end

-- The changes of a tag. Answer: are all done?
local function purge(tag)
    for _, id in ipairs(redis.call('ZRANGE', tag, 0, PURGE_CHANGES - 1)) do
        if spent >= PURGE_BYTES or touched >= PURGE_CHANGES then
            return false
        end
        local json = redis.call('HGET', CHANGES, id)
        local doc = json and cjson.decode(json)
        spent, touched = spent + #(json or ''), touched + 1
        if doc then
            find(doc)
            change_strip(id, doc, goes)
        end
        redis.call('ZREM', tag, id) -- also what was there without a change
    end
    return redis.call('EXISTS', tag) == 0
end

if all then
    answer[2] = purge(CHANGES .. ':by:d:' .. family) and '1' or '0'
    return answer
end
for i = HEAD + 1, #ARGV do
    meant[ARGV[i]] = true
end
for i = HEAD + 1, #ARGV do
    if not purge(CHANGES .. ':by:r:' .. family .. '/' .. ARGV[i]) then
        break
    end
    answer[2] = tostring(i - HEAD)
end
return answer
