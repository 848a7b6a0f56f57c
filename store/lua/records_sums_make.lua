-- Counts the next records into the sums, by time, all of one time together. KEYS: records hash, time
-- index. ARGV: how many. Answer: {"MORE"} or {"DONE"}
--include lib_sums.lua
local records, times = KEYS[1], KEYS[2]
local reach = redis.call('GET', records .. ':sums')
if reach == 'inf' then
    return { 'DONE' }
end
if not reach then
    sums_drop(records)
    reach = '-inf'
end
local from = reach == '-inf' and reach or '(' .. reach
local page = redis.call('ZRANGEBYSCORE', times, from, '+inf', 'WITHSCORES', 'LIMIT', 0, ARGV[1])
if #page == 0 then
    redis.call('SET', records .. ':sums', 'inf')
    return { 'DONE' }
end
local last = page[#page]
for _, id in ipairs(redis.call('ZRANGEBYSCORE', times, from, last)) do
    local json = redis.call('HGET', records, id)
    if json then
        sums_add(records, json, 1)
    end
end
redis.call('SET', records .. ':sums', last)
return { 'MORE' }
