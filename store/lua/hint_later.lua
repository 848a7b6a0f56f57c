-- SPDX-License-Identifier: BSD-2-Clause
-- KEYS: hints of users. ARGV: member, its score, next look in ms from now; below 0 drops it.
-- A hint that was written anew meanwhile stays: it is of something later.
local t = redis.call('TIME')
if tonumber(redis.call('ZSCORE', KEYS[1], ARGV[1]) or 0) ~= tonumber(ARGV[2]) then
    return 0
end
if tonumber(ARGV[3]) < 0 then
    return redis.call('ZREM', KEYS[1], ARGV[1])
end
return redis.call('ZADD', KEYS[1], string.format('%.0f',
    t[1] * 1000 + math.floor(t[2] / 1000) + tonumber(ARGV[3])), ARGV[1])
