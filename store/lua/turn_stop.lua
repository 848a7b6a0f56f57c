-- SPDX-License-Identifier: BSD-2-Clause
--include lib_turn.lua
--include lib_chat.lua
--include lib_find.lua
-- kind 'turn', 'session' or 'cmid'. {state before, turn}; {'missing'}.
-- back '1': only a turn that has not begun is stopped, and its messages stay out of the conversation:
-- then the state is 'taken_back'.
local kind, id, back = ARGV[10], ARGV[11], ARGV[12] == '1'
local turn = id
if kind == 'session' then
    turn = redis.call('HGET', session_key(id), 'run')
elseif kind == 'cmid' then
    local seen = redis.call('GET', seen_key(id))
    turn = seen and string.match(seen, '^%S+')
    if not turn or redis.call('EXISTS', turn_key(turn)) == 0 then
        redis.call('SET', stop_key(id), back and 'back' or '1', 'PX', SEEN_KEEP)
        return {back and 'taken_back' or 'unknown', ''}
    end
end
if not turn then
    return {'missing'}
end
local f = redis.call('HMGET', turn_key(turn), 'state', 'session', 'epoch', 'stop')
if not f[1] then
    return {'missing'}
end
if back then
    local waits = (f[1] == 'queued' or f[1] == 'pending') and not f[3]
    if waits then
        drop_waiting(turn)
        -- The title that it gave the session is its own words, too.
        if redis.call('HDEL', turn_key(turn), 'named') == 1 and
            not redis.call('HGET', session_key(f[2]), 'titled') then
            redis.call('HDEL', session_key(f[2]), 'title')
            find_later(f[2])
            chat_tell(f[2])
        end
        ask_stop(f[2], turn, 'back')
    end
    return {(waits or f[4] == 'back') and 'taken_back' or f[1], turn}
end
if not ENDED[f[1]] then
    ask_stop(f[2], turn, 'asked')
end
return {f[1], turn}
