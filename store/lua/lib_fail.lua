--include lib_turn.lua
-- The end of a turn that no worker will finish: its final event under a new epoch, the session's
-- next turn pending. Returns the latter's id or false.
local function fail_turn(turn, sid, now, event, code, reply)
    local s, t = session_key(sid), turn_key(turn)
    local held = redis.call('HGET', s, 'run') == turn
    if redis.call('HEXISTS', t, 'epoch') == 0 then
        -- It never began: its viewers get its first event and its messages are not lost.
        redis.call('LREM', s .. ':queue', 0, turn)
        start_waiting(sid, turn, now)
        held = true
    end
    if held then
        -- What its viewers have seen whole stays in the conversation.
        local messages = {}
        for _, step in ipairs(redis.call('LRANGE', t .. ':steps', 0, -1)) do
            local ok, doc = pcall(cjson.decode, step)
            if ok and type(doc) == 'table' and type(doc.messages) == 'table' then
                for _, message in ipairs(doc.messages) do
                    messages[#messages + 1] = cjson.encode(message)
                end
            end
        end
        append_messages(sid, messages)
        local prev = top_of(s .. ':log')
        local epoch = next_epoch(sid, now, prev)
        redis.call('HSET', s, 'epoch', epoch)
        redis.call('HSET', t, 'epoch', epoch,
            'last', emit(sid, epoch, 1, prev, turn .. ' F ' .. event))
    end
    close_turn(turn, now, 'state', 'failed', 'status', '500', 'reply', reply, 'error', code)
    if not held then
        return false
    end
    touch_session(sid, now)
    local follower = next_turn(sid, now, false)
    if not follower then
        redis.call('PEXPIRE', s .. ':log', LOG_KEEP)
    end
    return follower
end
