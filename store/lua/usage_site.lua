-- SPDX-License-Identifier: BSD-2-Clause
--include lib_usage.lua
-- The site's sums, behind the shared prefix: adds what a process has counted since its last call, and
-- tells the sums. ARGV: process, number of the call (a repeated one adds nothing), messages, then a
-- number for each of USAGE, limits of the site.
-- {messages of this minute, ms left, day's tokens, money, ms left, month's tokens, money, ms left,
-- what is set (field, value, ...), limits that have come to 80 % (name, ...), number of the call}
local HOUR = 3600000
local now = now_ms()
local windows, seen = usage.windows(now), usage_seen_key(ARGV[1])
local minute = usage_minute_key(int(math.floor(now / usage.MINUTE)))
local repeated = tonumber(redis.call('GET', seen) or -1) >= tonumber(ARGV[2])
local any = false
for i = 3, 7 do
    local more = tonumber(ARGV[i])
    if more > 0 and not repeated then
        any = true
        if i == 3 then
            redis.call('INCRBY', minute, int(more))
            redis.call('PEXPIRE', minute, 2 * usage.MINUTE)
            usage.count(windows.day.key, 'messages', more)
        else
            usage.count(windows.day.key, usage.FIELDS[i - 3], more)
            usage.count(windows.month.key, usage.FIELDS[i - 3], more)
        end
    end
end
if any then
    redis.call('SET', seen, ARGV[2], 'PX', HOUR)
    redis.call('PEXPIRE', windows.day.key, usage.KEEP.day)
    redis.call('PEXPIRE', windows.month.key, usage.KEEP.month)
end
local set, all = {}, redis.call('HGETALL', limits_key())
for i = 1, #all, 2 do
    set[all[i]] = all[i + 1]
end
local account, warned = {key = '', user = usage.limits(ARGV[8], 'site/', set), of_key = {}}, {}
usage.each(account, windows, function(_, name, limit, used, window)
    if used * 100 >= limit * usage.WARN and
        redis.call('HSETNX', window.key, 'warned/site/' .. name, '1') == 1 then
        warned[#warned + 1] = name
    end
end)
local day, month = usage.read(windows.day, ''), usage.read(windows.month, '')
return {tonumber(redis.call('GET', minute) or 0), int(usage.MINUTE - now % usage.MINUTE), int(day.tokens),
    int(day.money), int(windows.day.left), int(month.tokens), int(month.money),
    int(windows.month.left), all, warned, ARGV[2]}
