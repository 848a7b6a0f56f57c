-- SPDX-License-Identifier: BSD-2-Clause
--include lib_keys.lua
-- The lease of a turn that this epoch still owns, also when it was given up for lost meanwhile but
-- not taken over. -1 fenced, 1 a stop is asked for, 0.
local t, epoch, lease = turn_key(ARGV[1]), ARGV[2], tonumber(ARGV[3])
local f = redis.call('HMGET', t, 'state', 'epoch', 'stop', 'session')
if (f[1] ~= 'running' and f[1] ~= 'pending') or f[2] ~= epoch or
    redis.call('HGET', session_key(f[4]), 'epoch') ~= epoch then
    return -1
end
redis.call('HSET', t, 'state', 'running', 'lease', int(now_ms() + lease))
return f[3] and 1 or 0
