--include lib_turn.lua
-- Ends a turn whose worker is gone, under a new epoch. {'missing'}, {'ended'}, {'lives'},
-- {'done'} or {'pending', TURN}.
local turn, only_if_expired = ARGV[10], ARGV[11] == '1'
local event, code, reply = ARGV[12], ARGV[13], ARGV[14]
local f = redis.call('HMGET', turn_key(turn), 'state', 'session', 'lease')
if not f[1] then
    return {'missing'}
end
if ENDED[f[1]] then
    return {'ended'}
end
local now = now_ms()
if only_if_expired and (f[1] ~= 'running' or tonumber(f[3] or 0) > now) then
    return {'lives'}
end
local sid = f[2]
local s = session_key(sid)
local held = redis.call('HGET', s, 'run') == turn
if f[1] == 'queued' and holder(sid) then
    return {'lives'}
end
if f[1] ~= 'running' then
    -- It never began: its viewers get its first event and its messages are not lost.
    redis.call('LREM', s .. ':queue', 0, turn)
    start_waiting(sid, turn, now)
    held = true
end
if held then
    local prev = top_of(s .. ':log')
    local epoch = next_epoch(sid, now)
    redis.call('HSET', s, 'epoch', epoch)
    redis.call('HSET', turn_key(turn), 'epoch', epoch,
        'last', emit(sid, epoch, 1, prev, turn .. ' F ' .. event))
end
close_turn(turn, now, 'state', 'failed', 'status', '500', 'reply', reply, 'error', code)
if not held then
    return {'done'}
end
touch_session(sid, now)
local follower = next_turn(sid, now, false)
if follower then
    return {'pending', follower}
end
redis.call('PEXPIRE', s .. ':log', LOG_KEEP)
return {'done'}
