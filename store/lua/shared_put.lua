-- SPDX-License-Identifier: BSD-2-Clause
-- Writes one shared record with its indexes. ARGV: mark, life, family, id, JSON, time, terms,
-- most records, "drop" the oldest or "refuse" beyond it, parent family ("" = none), parent id, author
-- Answer: {"OK", JSON}, {"PRIOR", JSON}, {"MISSING"} (the parent), {"FULL"}
--include lib_shared.lua
local before = prior()
if before then
    return { 'PRIOR', before }
end
local family, id, json, time = ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local records = P .. 'r:' .. family
if ARGV[10] ~= '' and redis.call('HEXISTS', P .. 'r:' .. ARGV[10], ARGV[11]) == 0 then
    return { 'MISSING' }
end
if redis.call('HEXISTS', records, id) == 1 then
    local terms = redis.call('HGET', records .. ':terms', id)
    for term in string.gmatch(terms or '', '%S+') do
        redis.call('ZREM', P .. 'w:' .. family .. ':' .. term, id)
    end
elseif redis.call('HLEN', records) >= tonumber(ARGV[8]) then
    if ARGV[9] == 'refuse' then
        return { 'FULL' }
    end
    drop(family, redis.call('ZRANGE', records .. ':by-time', 0, 0)[1] or '')
end
redis.call('HSET', records, id, json)
redis.call('ZADD', records .. ':by-time', time, id)
if ARGV[7] ~= '' then
    redis.call('HSET', records .. ':terms', id, ARGV[7])
end
for term in string.gmatch(ARGV[7], '%S+') do
    redis.call('ZADD', P .. 'w:' .. family .. ':' .. term, time, id)
end
if ARGV[12] ~= '' then
    redis.call('SADD', P .. 'members', ARGV[12])
end
remember(json)
return { 'OK', json }
