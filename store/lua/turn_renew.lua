--include lib_keys.lua
-- The lease of a running turn. -1 fenced, 1 a stop is asked for, 0.
local t, epoch, lease = P .. 'turn:' .. ARGV[1], ARGV[2], tonumber(ARGV[3])
local f = redis.call('HMGET', t, 'state', 'epoch', 'stop', 'session')
if f[1] ~= 'running' or f[2] ~= epoch or
    redis.call('HGET', P .. 's:' .. f[4], 'epoch') ~= epoch then
    return -1
end
redis.call('HSET', t, 'lease', int(now_ms() + lease))
return f[3] and 1 or 0
