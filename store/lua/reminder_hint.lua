-- SPDX-License-Identifier: BSD-2-Clause
--include lib_keys.lua
--include lib_notice.lua
-- ARGV, per hint: due in ms, member. KEYS: the sorted set.
-- Housekeepers are woken when one of them is the next of all.
local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
local next_due = first[2] and tonumber(first[2]) or math.huge
local wake = false
for i = 1, #ARGV, 2 do
    redis.call('ZADD', KEYS[1], ARGV[i], ARGV[i + 1])
    wake = wake or tonumber(ARGV[i]) < next_due
end
if wake then
    notice_timers()
end
return #ARGV
