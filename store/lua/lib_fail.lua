-- SPDX-License-Identifier: BSD-2-Clause
--include lib_turn.lua
-- What an event of a turn opens: the event that ends it and their field of the id.
local OPENS = {
    TEXT_MESSAGE_START = {'TEXT_MESSAGE_END', 'messageId'},
    TOOL_CALL_START = {'TOOL_CALL_END', 'toolCallId'},
    REASONING_MESSAGE_START = {'REASONING_MESSAGE_END', 'messageId'},
    REASONING_START = {'REASONING_END', 'messageId'},
    STEP_STARTED = {'STEP_FINISHED', 'stepName'},
}
local CLOSES = {}
for _, span in pairs(OPENS) do
    CLOSES[span[1]] = span[2]
end
local READ_AT_ONCE = 256
local SNAPSHOT_BYTES, SNAPSHOT_MESSAGES = 1048576, 400

-- The events that end what a turn has left open in its log, the latest first, so that what was
-- opened inside of something ends before it.
local function ends_of(sid, turn, first)
    local open, from = {}, '(' .. first
    while true do
        local page = redis.call('XRANGE', log_of(session_key(sid)), from, '+', 'COUNT',
            READ_AT_ONCE)
        for _, entry in ipairs(page) do
            from = '(' .. entry[1]
            local run, flag, json = entry_parts(entry[2][2])
            local kind = run == turn and flag ~= ENTRY_TEXT and string.match(json, '^{"type":"([A-Z_]+)"')
            if kind and (OPENS[kind] or CLOSES[kind]) then
                local ok, event = pcall(cjson.decode, json)
                local ends = OPENS[kind] and OPENS[kind][1] or kind
                local id = ok and event[CLOSES[ends]] or ''
                if OPENS[kind] then
                    table.insert(open, 1, {ends, id})
                else
                    for i, span in ipairs(open) do
                        if span[1] == ends and span[2] == id then
                            table.remove(open, i)
                            break
                        end
                    end
                end
            end
        end
        if #page < READ_AT_ONCE then
            break
        end
    end
    local events = {}
    for i, span in ipairs(open) do
        events[i] = '{"type":"' .. span[1] .. '","' .. CLOSES[span[1]] .. '":' ..
            cjson.encode(span[2]) .. '}'
    end
    return events
end

-- The conversation as it is stored: what viewers have seen beyond that is gone.
local function snapshot_of(sid)
    local stored = redis.call('LRANGE', messages_of(session_key(sid)), -SNAPSHOT_MESSAGES, -1)
    local room, from = SNAPSHOT_BYTES, #stored + 1
    while from > 1 and #stored[from - 1] < room do
        from = from - 1
        room = room - #stored[from]
    end
    return '{"type":"MESSAGES_SNAPSHOT","messages":[' .. table.concat(stored, ',', from) .. ']}'
end

-- The body for JSON clients of a turn that failed: the problem as far as C has written it, and what
-- only the turn's hash knows.
local function problem_of(start, turn, session, input)
    local trace = string.match(input, '"traceparent":"%x%x%-(%x+)%-')
    return start .. (trace and ',"trace_id":"' .. trace .. '"' or '') .. ',"turn_id":"' .. turn ..
        '","session_id":"' .. session .. '"}'
end

-- The end of a turn that no worker will finish: its final event under a new epoch, the session's
-- next turn pending. reply: the start of its problem. Returns the next turn's id or false.
local function fail_turn(turn, sid, now, event, code, reply)
    local s, t = session_key(sid), turn_key(turn)
    local held = redis.call('HGET', s, 'run') == turn
    local began = redis.call('HMGET', t, 'epoch', 'first', 'input')
    reply = problem_of(reply, turn, sid, began[3] or '')
    if not began[1] then
        -- It never began: its viewers get its first event and its messages are not lost.
        redis.call('LREM', queue_of(s), 0, turn)
        start_waiting(sid, turn, now)
        held = true
    end
    if held then
        -- What its viewers have seen whole stays in the conversation.
        local messages = {}
        for _, step in ipairs(redis.call('LRANGE', steps_of(t), 0, -1)) do
            local ok, doc = pcall(cjson.decode, step)
            if ok and type(doc) == 'table' and type(doc.messages) == 'table' then
                for _, message in ipairs(doc.messages) do
                    messages[#messages + 1] = cjson.encode(message)
                end
            end
        end
        append_messages(sid, messages)
        local prev = top_of(log_of(s))
        local epoch = next_epoch(sid, now, prev)
        -- Viewers end with what is stored: torn text is closed and taken back.
        local events = {}
        if began[1] then
            events = ends_of(sid, turn, began[2] or '0-0')
            events[#events + 1] = snapshot_of(sid)
        end
        for n, json in ipairs(events) do
            prev = emit(sid, epoch, n, prev, entry_value(turn, ENTRY_NONE, json))
        end
        redis.call('HSET', s, 'epoch', epoch)
        redis.call('HSET', t, 'epoch', epoch,
            'last', emit(sid, epoch, #events + 1, prev, entry_value(turn, ENTRY_FINAL, event)))
    end
    close_turn(turn, now, 'state', 'failed', 'status', '500', 'reply', reply, 'error', code)
    if not held then
        return false
    end
    touch_session(sid, now)
    local follower = next_turn(sid, now, false)
    if not follower then
        redis.call('PEXPIRE', log_of(s), LOG_KEEP)
    end
    return follower
end
