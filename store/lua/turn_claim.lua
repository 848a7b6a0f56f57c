--include lib_turn.lua
-- A pending turn becomes this owner's. {'missing'}, {'conflict', state} or the started turn.
local turn = ARGV[10]
local f = redis.call('HMGET', turn_key(turn), 'state', 'session', 'owner')
if not f[1] then
    return {'missing'}
end
if f[1] == 'running' and f[3] == OWNER then
    return answer('started', turn, 0, true)
end
if f[1] ~= 'pending' or redis.call('HGET', session_key(f[2]), 'run') ~= turn then
    return {'conflict', f[1]}
end
start_waiting(f[2], turn, now_ms())
return answer('started', turn, 0, true)
