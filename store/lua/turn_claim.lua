-- SPDX-License-Identifier: BSD-2-Clause
--include lib_turn.lua
-- A pending turn becomes this owner's: one that waited starts; one whose worker is gone goes on
-- under a new epoch, whose first entry shuts the old worker out; one that is only recorded is put in
-- its session's queue.
-- {'missing'}, {'conflict', state}, {'held'} (its user has as many turns running as one may have)
-- or the started turn.
local turn, token, user_max = ARGV[10], ARGV[11], tonumber(ARGV[12])
local t = turn_key(turn)
local f = redis.call('HMGET', t, 'state', 'session', 'claim', 'epoch')
if not f[1] then
    return {'missing'}
end
if f[1] == 'running' and f[3] == token then
    return answer_started(turn) -- this very call again
end
local sid = f[2]
local s, now = session_key(sid), now_ms()
if f[1] == 'answered' then
    -- The user has answered, and the worker that took it is gone: it comes behind what is there.
    if redis.call('EXISTS', s) == 0 then
        return {'missing'}
    end
    redis.call('HSET', t, 'state', 'queued')
    redis.call('PEXPIRE', t, math.max(TURN_KEEP, SESSION_KEEP))
    redis.call('RPUSH', queue_of(s), turn)
    redis.call('PEXPIRE', queue_of(s), SESSION_KEEP)
    if holder(sid) or next_turn(sid, now, false) ~= turn then
        return {'conflict', 'queued'}
    end
    f[1] = 'pending'
end
if f[1] ~= 'pending' or redis.call('HGET', s, 'run') ~= turn then
    return {'conflict', f[1]}
end
if not f[4] and user_is_full(now, turn, user_max) then
    wait_for_place(turn, now)
    return {'held'}
end
if f[4] then
    redis.call('SADD', P .. 'running', turn)
    local prev = top_of(log_of(s))
    local epoch = next_epoch(sid, now, prev)
    local attempt = redis.call('HINCRBY', t, 'attempt', 1)
    redis.call('HSET', t, 'state', 'running', 'owner', OWNER, 'lease', int(now + LEASE),
        'epoch', epoch)
    redis.call('HSET', s, 'epoch', epoch)
    touch_session(sid, now)
    emit(sid, epoch, 1, prev, entry_value(turn, ENTRY_NONE,
        '{"type":"CUSTOM","name":"turnpike.resumed","value":{"attempt":' .. attempt .. '}}'))
    redis.call('PERSIST', log_of(s))
else
    start_waiting(sid, turn, now)
end
redis.call('HSET', t, 'claim', token)
return answer_started(turn)
