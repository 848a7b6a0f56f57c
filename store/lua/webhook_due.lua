-- SPDX-License-Identifier: BSD-2-Clause
-- KEYS: the hints of webhooks. ARGV: most members, ms for which nobody else is told of them, users whose
-- members are not wanted now.
-- The members that are due, the oldest first, divided among users.
--include lib_due.lua
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local full = {}
for i = 3, #ARGV do
    full[ARGV[i]] = true
end
local given = due_divided(KEYS[1], string.format('%.0f', now), tonumber(ARGV[1]), full)
local due = {}
for i = 1, #given, 2 do
    redis.call('ZADD', KEYS[1], string.format('%.0f', now + tonumber(ARGV[2])), given[i])
    due[#due + 1] = given[i]
end
return due
