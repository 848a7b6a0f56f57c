-- SPDX-License-Identifier: BSD-2-Clause
-- KEYS: the hints of webhooks. ARGV: member, next look in ms from now; below 0 drops it.
local t = redis.call('TIME')
local wait = tonumber(ARGV[2])
if wait < 0 then
    return redis.call('ZREM', KEYS[1], ARGV[1])
end
return redis.call('ZADD', KEYS[1], 'XX', string.format('%.0f',
    t[1] * 1000 + math.floor(t[2] / 1000) + wait), ARGV[1])
