-- One page of the records of a tag. KEYS: records hash, time index.
-- ARGV: family, tag, from, to, highest first (1 or 0), offset, count. Answer: {"OK", JSON...} or
-- {"INCOMPLETE"}
--include lib_index.lua
if not index_ready(ARGV[1], KEYS[1], KEYS[2]) then
    return { 'INCOMPLETE' }
end
local tag = KEYS[1] .. ':by:' .. ARGV[2]
local ids
if ARGV[5] == '1' then
    ids = redis.call('ZREVRANGEBYSCORE', tag, ARGV[4], ARGV[3], 'LIMIT', ARGV[6], ARGV[7])
else
    ids = redis.call('ZRANGEBYSCORE', tag, ARGV[3], ARGV[4], 'LIMIT', ARGV[6], ARGV[7])
end
local answer = #ids > 0 and redis.call('HMGET', KEYS[1], unpack(ids)) or {}
table.insert(answer, 1, 'OK')
return answer
