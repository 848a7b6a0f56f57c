--include lib_keys.lua
-- One finished step of a running turn. -1 fenced, else the number of steps.
local t, epoch, step, keep = P .. 'turn:' .. ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local f = redis.call('HMGET', t, 'state', 'epoch', 'session')
if (f[1] ~= 'running' and f[1] ~= 'pending') or f[2] ~= epoch or
    redis.call('HGET', P .. 's:' .. f[3], 'epoch') ~= epoch then
    return -1
end
if redis.call('LINDEX', t .. ':steps', -1) == step then
    return redis.call('LLEN', t .. ':steps') -- the same call again
end
local n = redis.call('RPUSH', t .. ':steps', step)
redis.call('PEXPIRE', t .. ':steps', keep)
return n
