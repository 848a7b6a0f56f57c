-- SPDX-License-Identifier: BSD-2-Clause
--include lib_fail.lua
-- A turn that its worker will not finish waits for another one; its epoch stays, so a worker that
-- was only slow goes on with it until then. After the last attempt it ends.
-- A turn in whose execution a worker died is suspect to its end: it is for a quarantine worker.
-- {'missing'}, {'lives'}, {'log'} (the log is gone), {'pending' or 'suspect', TURN} (to be claimed),
-- or {'failed', FOLLOWER or ''}.
local turn, how, who = ARGV[10], ARGV[11], ARGV[12]
local attempts, event, code, reply = tonumber(ARGV[13]), ARGV[14], ARGV[15], ARGV[16]
local spared_max = tonumber(ARGV[17])
local t = turn_key(turn)
local f = redis.call('HMGET', t, 'state', 'session', 'lease', 'owner', 'epoch', 'attempt', 'spare',
    'suspect')
if not f[1] then
    return {'missing'}
end
-- Whoever may have it now: the worker that has just died did so in this turn.
local function suspect()
    f[8] = '1'
    redis.call('HSET', t, 'suspect', 1)
end
if how == 'dead' and (f[1] == 'pending' or f[1] == 'running') then
    suspect()
end
if f[1] == 'pending' then
    return {f[8] and 'suspect' or 'pending', turn}
end
if f[1] ~= 'running' then
    return {'lives'}
end
local now, s = now_ms(), session_key(f[2])
if redis.call('HGET', s, 'run') ~= turn or redis.call('EXISTS', log_of(s)) == 0 then
    return {'log'}
end
if (how == 'expired' or how == 'stuck' or how == 'beside') and tonumber(f[3] or 0) > now then
    return {'lives'}
elseif (how == 'dead' or how == 'spared') and string.sub(f[4], 1, #who) ~= who then
    return {'lives'} -- another worker has taken it over since
elseif how == 'released' and f[5] ~= who then
    return {'lives'}
end
-- One whose worker died or hangs beside it loses no attempt, but only so often: it may have been
-- the cause.
local free = how == 'released' or
    ((how == 'spared' or how == 'beside') and redis.call('HINCRBY', t, 'spared', 1) <= spared_max)
if free then
    redis.call('HINCRBY', t, 'spare', 1)
elseif tonumber(f[6]) - tonumber(f[7] or 0) >= attempts then
    return {'failed', fail_turn(turn, f[2], now, event, code, reply) or ''}
end
redis.call('HSET', t, 'state', 'pending')
if how == 'stuck' then
    suspect()
end
return {f[8] and 'suspect' or 'pending', turn}
