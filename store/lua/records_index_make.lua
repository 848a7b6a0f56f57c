-- SPDX-License-Identifier: BSD-2-Clause
-- Takes the next records into the index, by time, all of one time together; first, what is left of an
-- older index goes. KEYS: records hash, time index. ARGV: family, how many. Answer: {"MORE"} or {"DONE"}
--include lib_index.lua
local family, records, times = ARGV[1], KEYS[1], KEYS[2]
if index_ready(family, records, times) then
    return { 'DONE' }
end
local state = index_state(records)
if not state.reach or state.reach == 'inf' or state.version ~= index_rules[family].version then
    if index_drop(records) then
        return { 'MORE' }
    end
    index_start(family, records, '-inf')
    state = index_state(records)
end
local from = state.reach == '-inf' and '-inf' or '(' .. state.reach
local page = redis.call('ZRANGEBYSCORE', times, from, '+inf', 'WITHSCORES', 'LIMIT', 0, ARGV[2])
if #page == 0 then
    redis.call('HSET', records .. ':index', 'reach', 'inf')
    return { state.count == redis.call('ZCARD', times) and 'DONE' or 'MORE' }
end
local last, count = page[#page], 0
for _, id in ipairs(redis.call('ZRANGEBYSCORE', times, from, last)) do
    local json = redis.call('HGET', records, id)
    if json then
        index_apply(family, records, id, json, redis.call('ZSCORE', times, id), 1)
    end
    count = count + 1
end
redis.call('HSET', records .. ':index', 'reach', last)
redis.call('HINCRBY', records .. ':index', 'count', count)
return { 'MORE' }
