-- SPDX-License-Identifier: BSD-2-Clause
--include lib_keys.lua
-- What the user says about one of their messages; kept as long as the message is known. Returns
-- {what was said of it before, the message's session, its turn}, '' where there is none any more;
-- or {} when the user has no such message.
local id = ARGV[1]
local SESSIONS, STEP, STEPS = 20, 50, 20
local LOOK_MAX, LOOK_BYTES = 2000, 8000000 -- messages in all: nobody else is served meanwhile
local ended = redis.call('ZSCORE', P .. 'messages', id)
if not ended then
    return {}
end
ended = tonumber(ended)

-- A turn's end notes the time in its session too, so the message's session was used then or later.
local function session_of_message()
    local mark = '"id":"' .. id .. '"'
    local used = redis.call('ZRANGEBYSCORE', P .. 'sessions', int(ended), '+inf', 'LIMIT', 0,
        SESSIONS)
    local looked, bytes = 0, 0
    for _, sid in ipairs(used) do
        local list = messages_of(session_key(sid))
        for step = 1, STEPS do
            local part = redis.call('LRANGE', list, -step * STEP, -(step - 1) * STEP - 1)
            for i = #part, 1, -1 do
                if string.find(part[i], mark, 1, true) then
                    return sid
                end
                bytes = bytes + #part[i]
            end
            looked = looked + #part
            if looked >= LOOK_MAX or bytes >= LOOK_BYTES then
                return ''
            end
            if #part < STEP then
                break
            end
        end
    end
    return ''
end

-- The turn that ended at this moment: the log's last entry by then is its last one, or, when the
-- next turn began in the same millisecond, the one before that.
local function turn_of_message(sid)
    for _, to in ipairs({int(ended), int(ended - 1)}) do
        local entry = redis.call('XREVRANGE', log_of(session_key(sid)), to, '-', 'COUNT', 1)[1]
        local turn = entry and string.match(entry[2][2] or '', '^(%S+)')
        if turn and redis.call('HGET', turn_key(turn), 'ended') == int(ended) then
            return turn
        end
    end
    return ''
end

local before = redis.call('HGET', P .. 'feedback', id) or ''
redis.call('HSET', P .. 'feedback', id, ARGV[2])
redis.call('PEXPIRE', P .. 'feedback', ARGV[3])
local sid = session_of_message()
return {before, sid, sid ~= '' and turn_of_message(sid) or ''}
