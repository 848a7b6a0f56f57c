-- One page of records by time. KEYS: records hash, time index.
-- ARGV: from, to, newest first (1 or 0), offset, count. Answer: the JSON texts.
local ids
if ARGV[3] == "1" then
    ids = redis.call("ZREVRANGEBYSCORE", KEYS[2], ARGV[2], ARGV[1], "LIMIT", ARGV[4], ARGV[5])
else
    ids = redis.call("ZRANGEBYSCORE", KEYS[2], ARGV[1], ARGV[2], "LIMIT", ARGV[4], ARGV[5])
end
if #ids == 0 then
    return {}
end
return redis.call("HMGET", KEYS[1], unpack(ids))
