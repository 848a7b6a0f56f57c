-- SPDX-License-Identifier: BSD-2-Clause
-- Members due until ARGV[1] milliseconds from now, with how long they have been due.
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now + ARGV[1]),
    'WITHSCORES', 'LIMIT', 0, ARGV[2])
for i = 2, #due, 2 do
    due[i] = string.format('%.0f', due[i] - now)
end
return due
