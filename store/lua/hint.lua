-- SPDX-License-Identifier: BSD-2-Clause
-- Looks at member KEYS[1] ARGV[2] are due ARGV[1] milliseconds from now, in Redis' time.
local t = redis.call('TIME')
local due = t[1] * 1000 + math.floor(t[2] / 1000) + ARGV[1]
return redis.call('ZADD', KEYS[1], string.format('%.0f', due), ARGV[2])
