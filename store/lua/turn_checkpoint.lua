-- SPDX-License-Identifier: BSD-2-Clause
--include lib_keys.lua
--include lib_summary.lua
--include lib_usage.lua
-- One finished step of a running turn, perhaps with a summary that the turn has made: how many
-- messages it does not cover, the members of its entry ('' = it was made in vain), and for how long
-- nobody tries again then. What the model's vendor keeps of its answer is needed no more.
-- spent: what the turn has used so far, by which API key, under which limits.
-- {-1} fenced, else {the number of steps}, and behind it the limit that is used up (usage_over).
local t, epoch, step, keep = turn_key(ARGV[1]), ARGV[2], ARGV[3], ARGV[4]
local spent, account = ARGV[5], usage.account(ARGV[6], ARGV[7], ARGV[8])
local behind, members, wait = ARGV[9], ARGV[10], ARGV[11]
local now = now_ms()
local f = redis.call('HMGET', t, 'state', 'epoch', 'session')
if (f[1] ~= 'running' and f[1] ~= 'pending') or f[2] ~= epoch or
    redis.call('HGET', session_key(f[3]), 'epoch') ~= epoch then
    return {-1}
end
usage.add(t, spent, account, now)
local function answer(steps)
    return {steps, unpack(usage.over(account, now) or {})}
end
if redis.call('LINDEX', steps_of(t), -1) == step then
    return answer(redis.call('LLEN', steps_of(t))) -- the same call again
end
redis.call('HDEL', t, 'upstream')
local n = redis.call('RPUSH', steps_of(t), step)
redis.call('PEXPIRE', steps_of(t), keep)
if behind and members == '' then
    redis.call('HSET', session_key(f[3]), 'summary_after', int(now + wait))
elseif behind then
    keep_summary(f[3], tonumber(behind), members, keep)
    redis.call('HDEL', session_key(f[3]), 'summary_after')
end
return answer(n)
