--include lib_turn.lua
-- kind 'turn', 'session' or 'cmid'. {state before, turn}; {'missing'}.
local kind, id = ARGV[10], ARGV[11]
local turn = id
if kind == 'session' then
    turn = redis.call('HGET', session_key(id), 'run')
elseif kind == 'cmid' then
    local seen = redis.call('GET', seen_key(id))
    turn = seen and string.match(seen, '^%S+')
    if not turn or redis.call('EXISTS', turn_key(turn)) == 0 then
        redis.call('SET', stop_key(id), '1', 'PX', SEEN_KEEP)
        return {'unknown', ''}
    end
end
if not turn then
    return {'missing'}
end
local f = redis.call('HMGET', turn_key(turn), 'state', 'session')
if not f[1] then
    return {'missing'}
end
if not ENDED[f[1]] then
    ask_stop(f[2], turn, 'asked')
end
return {f[1], turn}
