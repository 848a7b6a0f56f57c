-- SPDX-License-Identifier: BSD-2-Clause
-- What commits have changed, for undo and history: the user's family "change", a record a commit.
--   {id, at_ms, tool, session, act, of?, group?, part?, undone_by?, lost?, bytes, writes: [{family, id, was?,
--    was_ms?, now}]}
-- act: do, undo (of: what it takes back), redo (of: the undo that it takes back). was: the JSON
-- before; absent: there was none. was_ms: its time, as a text. now: SHA-1 of the JSON after it; "":
-- it was deleted. lost: too large to be kept, so `was` is not there. group: of several commits that are
-- taken back together (an import). part: the how manieth of them, from 1; as the oldest go first,
-- a group whose oldest is not part 1 is no longer whole.
-- Tags: live and undo (what can be taken back), each also behind a session; r:FAMILY/ID; d:FAMILY.
--include lib_keys.lua
--include lib_index.lua
local CHANGES, CHANGE_TIMES = P .. 'r:change', P .. 'r:change:by-time'
local CHANGE_KEEP, CHANGE_LIFE = 2592000000, 2678400000 -- 30 days; a day more for idle users
local CHANGE_MOST, CHANGE_BYTES, CHANGE_LARGEST, CHANGE_TRIM = 1000, 4194304, 262144, 64
-- While a group is written or taken back: how much may be kept, how long after its last commit, and
-- how many commits of others may be between two of its own.
local CHANGE_BYTES_GROUP, CHANGE_GROUP_MS, CHANGE_NEAR = 16777216, 60000, 8

local function change_put(id, doc, time)
    local json = doc and cjson.encode(doc)
    index_change('change', CHANGES, CHANGE_TIMES, id, json, time)
    if not json then
        redis.call('HDEL', CHANGES, id)
        redis.call('ZREM', CHANGE_TIMES, id)
        return
    end
    redis.call('HSET', CHANGES, id, json)
    redis.call('ZADD', CHANGE_TIMES, time, id)
    redis.call('SADD', P .. 'families', 'change')
    for _, name in ipairs({ '', ':by-time', ':index', ':index:names', ':sum:all' }) do
        redis.call('PEXPIRE', CHANGES .. name, CHANGE_LIFE)
    end
end

local function change_get(id)
    local json = redis.call('HGET', CHANGES, id)
    return json and cjson.decode(json)
end

-- Of a group: the how manieth commit this will be. nil: an older release has written those before.
local function change_part(group, act)
    for _, id in ipairs(redis.call('ZREVRANGE', CHANGE_TIMES, 0, CHANGE_NEAR - 1)) do
        local json = redis.call('HGET', CHANGES, id)
        local doc = json and string.find(json, group, 1, true) and cjson.decode(json)
        if doc and doc.group == group and doc.act == act then
            return doc.undone_by and 1 or doc.part and doc.part + 1
        end
    end
    return 1
end

-- Is the group of this change being written, or taken back, just now? Then none of it may go: its
-- oldest is the one that an undo comes to last.
local function change_is_needed(id, json, now)
    if not json or not string.find(json, '"group":', 1, true) then
        return false -- nearly all: not worth decoding
    end
    local group = cjson.decode(json).group
    local bytes = tonumber(redis.call('HGET', CHANGES .. ':sum:all', 'bytes') or 0)
    if not group or bytes > CHANGE_BYTES_GROUP then
        return false
    end
    for _, other in ipairs(redis.call('ZREVRANGEBYSCORE', CHANGE_TIMES, '+inf',
        now - CHANGE_GROUP_MS, 'LIMIT', 0, CHANGE_NEAR)) do
        local near = other ~= id and redis.call('HGET', CHANGES, other)
        if near and string.find(near, group, 1, true) and cjson.decode(near).group == group then
            return true
        end
    end
    return false
end

-- The oldest go: some with each commit, so that none takes long.
local function changes_trim(now)
    local trimmed = 0
    for _ = 1, CHANGE_TRIM do
        local oldest = redis.call('ZRANGE', CHANGE_TIMES, 0, 0, 'WITHSCORES')
        if not oldest[1] or tonumber(oldest[2]) > now - CHANGE_KEEP
            and redis.call('ZCARD', CHANGE_TIMES) <= CHANGE_MOST
            and tonumber(redis.call('HGET', CHANGES .. ':sum:all', 'bytes') or 0) <= CHANGE_BYTES then
            return
        end
        local json = redis.call('HGET', CHANGES, oldest[1])
        if change_is_needed(oldest[1], json, now) then
            return
        end
        trimmed = trimmed + #(json or '')
        change_put(oldest[1], nil, oldest[2])
        if trimmed > 2 * CHANGE_LARGEST then
            return
        end
    end
end

-- May this change be taken back (or, of an undo, be done again)? of "": there is none to ask about.
local function change_may(act, of)
    if of == '' then
        return true
    end
    local doc = change_get(of)
    return doc and not doc.undone_by and doc.act == (act == 'redo' and 'undo' or 'do')
end

local function change_mark(id, by)
    local doc, time = change_get(id), redis.call('ZSCORE', CHANGE_TIMES, id)
    if doc and time then
        doc.undone_by = by
        change_put(id, doc, time)
    end
    return doc
end

-- Takes the writes for which goes(write) is true out of a change; one that was about nothing else is
-- dropped.
local function change_strip(id, doc, goes)
    local kept, bytes = {}, 0
    for _, write in ipairs(doc.writes) do
        if not goes(write) then
            kept[#kept + 1], bytes = write, bytes + 200 + #(write.was or '')
        end
    end
    if #kept < #doc.writes then
        doc.writes, doc.bytes = kept, bytes
        change_put(id, #kept > 0 and doc or nil, redis.call('ZSCORE', CHANGE_TIMES, id))
    end
end

-- No change knows any more what these records were. What there was of them before is gone already
-- (changes_purge.lua): this is about what has come since.
local function change_forget(writes)
    local gone = {}
    for _, write in ipairs(writes) do
        gone[write.family .. '/' .. write.id] = true
    end
    for name in pairs(gone) do
        for _, id in ipairs(redis.call('ZRANGE', CHANGES .. ':by:r:' .. name, 0, -1)) do
            local doc = change_get(id)
            if doc then
                change_strip(id, doc, function(write)
                    return gone[write.family .. '/' .. write.id]
                end)
            end
        end
    end
end

-- writes: {family, id, was, was_ms, now}, one for each record that has another JSON now.
local function change_note(doc, writes)
    if #writes == 0 then
        return
    end
    local now, bytes = now_ms(), 0
    local last = redis.call('ZREVRANGE', CHANGE_TIMES, 0, 0, 'WITHSCORES')[2]
    local time = int(math.max(now, last and tonumber(last) + 1 or 0))
    for _, write in ipairs(writes) do
        bytes = bytes + 200 + #(write.was or '')
    end
    if bytes > CHANGE_LARGEST then
        doc.lost, bytes = true, 200 * #writes
        for _, write in ipairs(writes) do
            write.was = nil
        end
    end
    doc.id, doc.at_ms, doc.bytes, doc.writes = time, now, bytes, writes
    doc.part = doc.group and change_part(doc.group, doc.act)
    if doc.of then
        local target = change_mark(doc.of, time)
        if doc.act == 'redo' and target and target.of then
            change_mark(target.of, nil)
        end
    end
    change_put(time, doc, time)
    changes_trim(now)
end
