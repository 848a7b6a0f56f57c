-- SPDX-License-Identifier: BSD-2-Clause
-- One page of the records of a tag. KEYS: records hash, time index.
-- ARGV: family, tag, from, to, highest first (1 or 0), offset, count. Answer: {"OK", JSON...} or
-- {"INCOMPLETE"}
--include lib_index.lua
if not index_ready(ARGV[1], KEYS[1], KEYS[2]) then
    return { 'INCOMPLETE' }
end
local tag = KEYS[1] .. ':by:' .. ARGV[2]
local offset, count = tonumber(ARGV[6]), tonumber(ARGV[7])
local ids
if offset == 0 then
    ids = redis.call(ARGV[5] == '1' and 'ZREVRANGEBYSCORE' or 'ZRANGEBYSCORE', tag,
        ARGV[5] == '1' and ARGV[4] or ARGV[3], ARGV[5] == '1' and ARGV[3] or ARGV[4], 'LIMIT', 0, count)
else -- by rank: to pass over an offset by score costs a step for each that is passed over
    local first = redis.call('ZCOUNT', tag, '-inf', '(' .. ARGV[3])
    local there = redis.call('ZCOUNT', tag, ARGV[3], ARGV[4])
    local behind = ARGV[5] == '1' and redis.call('ZCARD', tag) - first - there or first
    local last = math.min(offset + count, there)
    ids = last > offset and redis.call(ARGV[5] == '1' and 'ZREVRANGE' or 'ZRANGE', tag, behind + offset,
        behind + last - 1) or {}
end
local answer = #ids > 0 and redis.call('HMGET', KEYS[1], unpack(ids)) or {}
table.insert(answer, 1, 'OK')
return answer
