--include lib_keys.lua
-- One finished step of a running turn. -1 fenced, else the number of steps.
local t, epoch, step, keep = turn_key(ARGV[1]), ARGV[2], ARGV[3], ARGV[4]
local f = redis.call('HMGET', t, 'state', 'epoch', 'session')
if (f[1] ~= 'running' and f[1] ~= 'pending') or f[2] ~= epoch or
    redis.call('HGET', session_key(f[3]), 'epoch') ~= epoch then
    return -1
end
if redis.call('LINDEX', steps_of(t), -1) == step then
    return redis.call('LLEN', steps_of(t)) -- the same call again
end
local n = redis.call('RPUSH', steps_of(t), step)
redis.call('PEXPIRE', steps_of(t), keep)
return n
