-- SPDX-License-Identifier: BSD-2-Clause
-- KEYS: the hints of webhooks. ARGV: most of them, member, first look in ms from now.
-- 1, or 0 when the queue is full.
local t = redis.call('TIME')
if redis.call('ZSCORE', KEYS[1], ARGV[2]) then
    return 1
end
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[1]) then
    return 0
end
redis.call('ZADD', KEYS[1], string.format('%.0f',
    t[1] * 1000 + math.floor(t[2] / 1000) + tonumber(ARGV[3])), ARGV[2])
return 1
