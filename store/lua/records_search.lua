-- SPDX-License-Identifier: BSD-2-Clause
-- The records with most of some words, the newest first among equals. KEYS: records hash, time index.
-- ARGV: family, how many to look at, prefix of the words' tags, then per word said: n, n words that it
-- may be. Answer: {"OK", 1 when there may be more than was looked at, JSON...} or {"INCOMPLETE"}
--include lib_index.lua
if not index_ready(ARGV[1], KEYS[1], KEYS[2]) then
    return { 'INCOMPLETE' }
end
local records, most, groups, at = KEYS[1], tonumber(ARGV[2]), {}, 4
while at <= #ARGV do
    local group = { total = 0 }
    for i = at + 1, at + tonumber(ARGV[at]) do
        local key = records .. ':by:' .. ARGV[3] .. ARGV[i]
        local count = redis.call('ZCARD', key)
        if count > 0 then
            group.total = group.total + count
            group[#group + 1] = key
        end
    end
    if #group > 0 then
        groups[#groups + 1] = group
    end
    at = at + tonumber(ARGV[at]) + 1
end
table.sort(groups, function(a, b) return a.total < b.total end)
local found, ids, more = {}, {}, 0
for _, group in ipairs(groups) do
    local room = math.max(math.ceil(most / #groups), most - #ids)
    if group.total > room then
        more = 1
    end
    for _, key in ipairs(group) do
        local page = redis.call('ZREVRANGE', key, 0, math.ceil(room / #group) - 1, 'WITHSCORES')
        for i = 1, #page, 2 do
            if not found[page[i]] then
                found[page[i]] = { time = tonumber(page[i + 1]), words = 0 }
                ids[#ids + 1] = page[i]
            end
        end
    end
end
for _, group in ipairs(#groups > 1 and groups or {}) do
    for _, id in ipairs(ids) do
        for _, key in ipairs(group) do
            if redis.call('ZSCORE', key, id) then
                found[id].words = found[id].words + 1
                break
            end
        end
    end
end
table.sort(ids, function(a, b)
    local x, y = found[a], found[b]
    if x.words ~= y.words then
        return x.words > y.words
    end
    return x.time > y.time
end)
if #ids > most then
    more = 1
end
local answer = { 'OK', more }
for i = 1, math.min(#ids, most) do
    answer[i + 2] = redis.call('HGET', records, ids[i]) or ''
end
return answer
