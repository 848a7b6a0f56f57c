-- SPDX-License-Identifier: BSD-2-Clause
-- KEYS: the hints of pushes. ARGV: most members, ms for which nobody else is told of them.
-- {their score from now on, then the members that are due, the oldest first}.
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local due = redis.call('ZRANGE', KEYS[1], '-inf', string.format('%.0f', now), 'BYSCORE',
    'LIMIT', 0, ARGV[1])
local till = string.format('%.0f', now + tonumber(ARGV[2]))
for i = 1, #due do
    redis.call('ZADD', KEYS[1], till, due[i])
end
table.insert(due, 1, till)
return due
