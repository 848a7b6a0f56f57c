-- SPDX-License-Identifier: BSD-2-Clause
-- One page of records by time. KEYS: records hash, time index.
-- ARGV: from, to, newest first (1 or 0), offset, count. Answer: the JSON texts.
-- By rank: to pass over an offset by score costs a step for each that is passed over.
local from, to, offset, count = ARGV[1], ARGV[2], tonumber(ARGV[4]), tonumber(ARGV[5])
local first = redis.call("ZCOUNT", KEYS[2], "-inf", "(" .. from)
local after = first + redis.call("ZCOUNT", KEYS[2], from, to)
local ids
if ARGV[3] == "1" then
    local behind = redis.call("ZCARD", KEYS[2]) - after
    local last = math.min(offset + count, after - first)
    ids = last > offset and redis.call("ZREVRANGE", KEYS[2], behind + offset, behind + last - 1) or {}
else
    local last = math.min(first + offset + count, after)
    ids = last > first + offset and redis.call("ZRANGE", KEYS[2], first + offset, last - 1) or {}
end
if #ids == 0 then
    return {}
end
return redis.call("HMGET", KEYS[1], unpack(ids))
