--include lib_fail.lua
-- Deletes a session. Its unfinished turns get their final event first, for viewers that are there;
-- the running one is fenced by the log's absence. 0 without a session.
local sid, event, code, reply = ARGV[10], ARGV[11], ARGV[12], ARGV[13]
local s, now = session_key(sid), now_ms()
if redis.call('EXISTS', s) == 0 then
    return 0
end
local prev = top_of(log_of(s))
local epoch = next_epoch(sid, now, prev)
local turns = redis.call('LRANGE', queue_of(s), 0, -1)
local run = redis.call('HGET', s, 'run')
if run then
    table.insert(turns, 1, run)
end
local n = 0
redis.call('HSET', s, 'epoch', epoch)
for i = 1, #turns do
    local t = turn_key(turns[i])
    local f = redis.call('HMGET', t, 'state', 'first_event', 'epoch', 'input', 'first')
    if f[1] and not ENDED[f[1]] then
        if not f[3] then
            n = n + 1
            prev = emit(sid, epoch, n, prev, entry_value(turns[i], ENTRY_START, f[2]))
        else
            for _, json in ipairs(ends_of(sid, turns[i], f[5] or '0-0')) do
                n = n + 1
                prev = emit(sid, epoch, n, prev, entry_value(turns[i], ENTRY_NONE, json))
            end
        end
        n = n + 1
        prev = emit(sid, epoch, n, prev, entry_value(turns[i], ENTRY_FINAL, event))
        ask_stop(sid, turns[i], 'deleted')
        redis.call('HSET', t, 'epoch', epoch)
        close_turn(turns[i], now, 'state', 'cancelled', 'status', '410',
            'reply', problem_of(reply, turns[i], sid, f[4] or ''), 'error', code, 'last', prev)
    end
end
if n == 0 then -- viewers of a quiet session hear of it, too
    emit(sid, epoch, 1, prev, entry_value('-', ENTRY_FINAL, event))
end
local messages = redis.call('LRANGE', messages_of(s), 0, -1)
for i = 1, #messages do
    local id = string.find(messages[i], '"role":"assistant"', 1, true) and id_of(messages[i])
    if id then
        redis.call('ZREM', P .. 'messages', id)
        redis.call('HDEL', P .. 'feedback', id)
    end
end
-- What was asked of the user goes with it.
local asked = redis.call('HVALS', approvals_key(sid))
for i = 1, #asked do
    redis.call('UNLINK', approval_key(asked[i]))
    redis.call('ZREM', P .. 'approvals', asked[i])
end
redis.call('UNLINK', approvals_key(sid), branches_key(sid), summaries_key(sid))
redis.call('UNLINK', s, messages_of(s), log_of(s), queue_of(s))
redis.call('ZREM', P .. 'sessions', sid)
-- An epoch is never given twice, not even after a deletion.
redis.call('SET', floor_of(s), epoch, 'PX', 60000)
return 1
