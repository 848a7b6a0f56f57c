-- SPDX-License-Identifier: BSD-2-Clause
--include lib_places.lua
--include lib_notice.lua
--include lib_summary.lua
--include lib_ids.lua
--include lib_branches.lua
-- Shared by the scripts of a turn's life. ARGV[1..9] are the same for all of them (args_common in
-- store/args.c), a script's own arguments begin at ARGV[10].
local OWNER, LEASE = ARGV[1], tonumber(ARGV[2])
local LOG_KEEP, TURN_KEEP, SESSION_KEEP = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local SEEN_KEEP, MESSAGES_MAX = tonumber(ARGV[6]), tonumber(ARGV[7])
local QUEUE_MAX, HISTORY = tonumber(ARGV[8]), tonumber(ARGV[9])
local IDS_MAX = 5000
local WEBHOOK_KEEP = 28800000
local ENDED_STEP, ASKED_STEP = 200, 50

local ENDED = {done = true, cancelled = true, interrupted = true, failed = true}

-- A stateless request's session lives as long as its events, that of a stored response as long as
-- this.
local function keep_of(sid)
    return is_once(sid) and LOG_KEEP or is_unlisted(sid) and TURN_KEEP or SESSION_KEEP
end

-- A call leads back to its stateless session until its result has come.
local function note_calls(sid, message)
    local ok, m = pcall(cjson.decode, message)
    if not ok or type(m) ~= 'table' then
        return
    end
    if m.role == 'tool' and type(m.toolCallId) == 'string' then
        redis.call('DEL', call_key(m.toolCallId))
    end
    for _, call in ipairs(type(m.toolCalls) == 'table' and m.toolCalls or {}) do
        if type(call) == 'table' and type(call.id) == 'string' then
            redis.call('SET', call_key(call.id), sid, 'PX', keep_of(sid))
        end
    end
end

-- Never given twice: above the session's last one, above its log (top), and not below the clock.
-- last: the session's, if it is known.
local function next_epoch(sid, now, top, last)
    local s = session_key(sid)
    last = last or redis.call('HGET', s, 'epoch') or redis.call('GET', floor_of(s)) or 0
    return int(math.max(tonumber(last) + 1, split_id(top) + 1, now))
end

-- What waited for the user in the last `count` messages, which leave the conversation, waits no more. Looks
-- from the end on, until all calls that wait are found.
local function drop_approvals(sid, count)
    local open, list = approvals_key(sid), messages_of(session_key(sid))
    local asked = redis.call('HGETALL', open)
    local left, seen = #asked / 2, 0
    while left > 0 and seen < count do
        local text = table.concat(redis.call('LRANGE', list, -math.min(seen + ASKED_STEP, count), -(seen + 1)), ',')
        for i = 1, #asked, 2 do
            if asked[i] and string.find(text, '"' .. asked[i] .. '"', 1, true) then
                local key = approval_key(asked[i + 1])
                if redis.call('HGET', key, 'state') == 'open' then
                    redis.call('HSET', key, 'state', 'cancelled')
                    redis.call('HDEL', key, 'input')
                end
                redis.call('ZREM', P .. 'approvals', asked[i + 1])
                redis.call('HDEL', open, asked[i])
                asked[i] = false
                left = left - 1
            end
        end
        seen = seen + ASKED_STEP
    end
end

-- The user's message came before, and `behind` messages stand behind it: the conversation goes back to
-- it, with its new text if it has one. What came after it, and its own old text, become a branch.
-- Returns how many messages left.
local function go_back(sid, turn, now, message, behind)
    local s = session_key(sid)
    local list = messages_of(s)
    local old = redis.call('LINDEX', list, -(behind + 1))
    local edited = old ~= message
    local gone = edited and behind + 1 or behind
    if gone == 0 then
        return 0
    end
    drop_approvals(sid, gone)
    ids_lower(sid, gone)
    branches.keep(sid, turn, now, id_of(old) or '', gone, SESSION_KEEP)
    redis.call('HINCRBY', s, 'count', edited and 1 - gone or -gone)
    if edited then
        redis.call('RPUSH', list, message)
    end
    redis.call('PEXPIRE', list, SESSION_KEEP)
    return gone
end

-- Appends the messages whose id the end of the conversation does not have yet; or, when turn is
-- given and the last of them is a user's that came before, goes back to that one. Returns that end
-- with them, at least HISTORY messages if there are so many, and how many have left.
local function append_messages(sid, messages, turn, now)
    local s = session_key(sid)
    local list = messages_of(s)
    local known = {}
    local tail = redis.call('LRANGE', list, -math.max(IDS_TAIL, 2 * #messages, HISTORY), -1)
    if #messages == 0 then
        return tail, 0
    end
    local first = #messages == 1 and id_of(messages[1])
    local mark = first and not string.find(first, '[%c"\\/\128-\255]') and '"id":"' .. first .. '"'
    for i = 1, #tail do
        -- One new message is the usual case: look before decoding.
        if not mark or string.find(tail[i], mark, 1, true) then
            local _, one = id_of(tail[i])
            if one then
                known[one] = i
            end
        end
    end
    local id, last = id_of(messages[#messages])
    if turn and last == 'user ' .. tostring(id) then
        local behind = known[last] and #tail - known[last] or ids_find(sid, last, keep_of(sid))
        if behind then
            local gone = go_back(sid, turn, now, messages[#messages], behind)
            return gone > 0 and redis.call('LRANGE', list, -math.max(1, HISTORY), -1) or tail, gone
        end
    end
    local added = 0
    for i = 1, #messages do
        local _, one = id_of(messages[i])
        if not one or not known[one] then
            redis.call('RPUSH', list, messages[i])
            tail[#tail + 1] = messages[i]
            added = added + 1
            if one then
                known[one] = #tail
            end
        end
    end
    if added > 0 then
        if #tail >= math.min(IDS_TAIL, MESSAGES_MAX) then
            redis.call('LTRIM', list, -MESSAGES_MAX, -1)
        end
        redis.call('HINCRBY', s, 'count', added)
    end
    return tail, 0
end

-- Further fields of the session may be given.
local function touch_session(sid, now, ...)
    local s = session_key(sid)
    local first = redis.call('HSETNX', s, 'created', int(now)) == 1
    redis.call('HSET', s, 'updated', int(now), ...)
    redis.call('PEXPIRE', s, keep_of(sid))
    redis.call('PEXPIRE', messages_of(s), keep_of(sid))
    redis.call('PEXPIRE', summaries_key(sid), keep_of(sid))
    if is_unlisted(sid) then
        return
    end
    if first then
        -- Some of those that have ended by themselves: all of a year ago may be very many.
        local ended = redis.call('ZRANGEBYSCORE', P .. 'sessions', '-inf', int(now - SESSION_KEEP),
            'LIMIT', 0, ENDED_STEP)
        if #ended > 0 then
            redis.call('ZREM', P .. 'sessions', unpack(ended))
        end
    end
    redis.call('ZADD', P .. 'sessions', int(now), sid)
    redis.call('PEXPIRE', P .. 'sessions', SESSION_KEEP)
end

-- What of a session is asked for when a turn begins.
local function session_of(sid)
    local f = redis.call('HMGET', session_key(sid), 'run', 'title', 'epoch', 'updated',
        'summary_after')
    return {run = f[1], title = f[2], epoch = f[3], updated = f[4], summary_after = f[5]}
end

-- What a turn is told of summaries: the entry ('' = none), how many messages stand behind what it
-- covers, and whether none is to be made now, as that has failed a moment ago.
local function summary_for_turn(sid, now, after)
    local entry, behind = summary_of(sid)
    return entry, behind, tonumber(after or 0) > now and 1 or 0
end

-- The turn is this owner's from here on: lease, new epoch, its messages, its first event. Further
-- fields of the turn may be given. rewinds: a message that came before leads back to it. Returns the
-- conversation's end, its epoch and first cursor, and how many messages have left.
-- Every command here stands between the user and the first word.
local function start_turn(sid, turn, now, session, first_event, messages, rewinds, ...)
    local s, t = session_key(sid), turn_key(turn)
    local log = log_of(s)
    local prev = top_of(log)
    local epoch = next_epoch(sid, now, prev, session.epoch)
    redis.call('HSET', t, 'state', 'running', 'owner', OWNER, 'lease', int(now + LEASE),
        'epoch', epoch, 'started', int(now), 'first', prev, 'attempt', 1, ...)
    redis.call('SADD', P .. 'running', turn)
    redis.call('PEXPIRE', P .. 'running', TURN_KEEP)
    local tail, gone = append_messages(sid, messages, rewinds and turn, now)
    if gone > 0 then
        redis.call('HSET', t, 'rewound', gone)
    end
    if is_unlisted(sid) then
        for i = 1, #messages do
            if string.find(messages[i], '"role":"tool"', 1, true) then
                note_calls(sid, messages[i])
            end
        end
    end
    if session.updated and now - session.updated < SESSION_KEEP / 100 and not is_unlisted(sid) then
        -- Its keys have most of their time before them, and the end of the turn renews that.
        redis.call('HSET', s, 'updated', int(now), 'epoch', epoch, 'run', turn)
        redis.call('ZADD', P .. 'sessions', int(now), sid)
    else
        touch_session(sid, now, 'epoch', epoch, 'run', turn)
    end
    if prev ~= '0-0' then
        redis.call('PERSIST', log)
    end
    emit(sid, epoch, 1, prev, entry_value(turn, ENTRY_START, first_event))
    return tail, epoch, prev, gone
end

-- RUN_STARTED (events_run_started) of a turn whose message was taken back: without what was said.
local function without_words(first_event)
    return (string.gsub(first_event, ',"input":.*$', '}'))
end

-- The messages that a waiting turn brought along will not join the conversation.
local function drop_waiting(turn)
    local t = turn_key(turn)
    redis.call('HSET', t, 'first_event', without_words(redis.call('HGET', t, 'first_event')))
    for i = 1, tonumber(redis.call('HGET', t, 'waiting') or 0) do
        redis.call('HDEL', t, 'm:' .. i)
    end
    redis.call('HDEL', t, 'waiting')
end

-- The same for a turn that waited: what it brought along stands in its hash.
local function start_waiting(sid, turn, now)
    local t = turn_key(turn)
    local f = redis.call('HMGET', t, 'first_event', 'waiting', 'rewinds')
    local messages = {}
    for i = 1, tonumber(f[2] or 0) do
        messages[i] = redis.call('HGET', t, 'm:' .. i)
        redis.call('HDEL', t, 'm:' .. i)
    end
    redis.call('HDEL', t, 'waiting')
    redis.call('ZREM', P .. 'places', turn)
    start_turn(sid, turn, now, session_of(sid), f[1], messages, f[3] == '1')
end

-- Puts the session's next turn in its place: started for this owner, or pending; also with `take`,
-- when its key has no place. Returns its id and whether it has started.
local function next_turn(sid, now, take)
    local s = session_key(sid)
    while true do
        local turn = redis.call('LPOP', queue_of(s))
        if not turn then
            redis.call('HDEL', s, 'run')
            return false
        end
        if redis.call('HGET', turn_key(turn), 'state') == 'queued' then
            if take and not key_is_full(now, turn) then
                start_waiting(sid, turn, now)
                return turn, true
            end
            redis.call('HSET', turn_key(turn), 'state', 'pending')
            redis.call('HSET', s, 'run', turn)
            return turn, false
        end
    end
end

-- The turn that holds the session: running or pending. A hash that expired holds nothing.
local function holder(sid)
    local run = redis.call('HGET', session_key(sid), 'run')
    if not run then
        return false
    end
    local state = redis.call('HGET', turn_key(run), 'state')
    return (state == 'running' or state == 'pending') and run
end

local function ask_stop(sid, turn, why)
    redis.call('HSET', turn_key(turn), 'stop', why)
    notice_stop(sid, turn)
end

-- It waits until fewer turns of its user run, or until a worker is free; who ends one tells it.
local function wait_for_place(turn, now)
    redis.call('ZADD', P .. 'places', 'NX', int(now), turn)
    redis.call('PEXPIRE', P .. 'places', TURN_KEEP)
end

local function leave_place(turn, now)
    redis.call('SREM', P .. 'running', turn)
    redis.call('ZREM', P .. 'places', turn)
    for _, first in ipairs(redis.call('ZRANGE', P .. 'places', 0, -1)) do
        if not key_is_full(now, first) then
            notice_turn(first)
            return
        end
    end
end

-- Fields of a turn that is over, kept for GET /turns/{id}.
local function close_turn(turn, now, ...)
    local t = turn_key(turn)
    redis.call('HSET', t, 'ended', int(now), ...)
    if redis.call('HEXISTS', t, 'webhook') == 1 then -- told along with the end; texts have no bare quote
        redis.call('HSET', t, 'trace', string.match(redis.call('HGET', t, 'input') or '',
            '"traceparent":"([%x-]+)"') or '')
    end
    redis.call('HDEL', t, 'lease', 'input', 'claim', 'upstream')
    redis.call('PEXPIRE', t, TURN_KEEP)
    redis.call('UNLINK', steps_of(t))
    leave_place(turn, now)
    if redis.call('HEXISTS', t, 'webhook') == 1 then
        -- Its end makes the delivery due; kept for as long as that may take.
        redis.call('PEXPIRE', t, math.max(TURN_KEEP, WEBHOOK_KEEP))
        notice_webhook(turn)
    end
    local cmid = redis.call('HGET', t, 'cmid')
    if cmid and cmid ~= '' then
        redis.call('PEXPIRE', seen_key(cmid), SEEN_KEEP)
    end
end

-- What turns.c reads as struct turns_start, by place. position 0 = not in the queue.
local function reply_of(outcome, turn, position, f)
    return {outcome, turn, f.session, f.state, f.first, f.epoch, f.attempt, position,
        f.stop and 1 or 0, f.created, f.started}
end

-- What is remembered about the user, the newest first; nothing when that cannot be read: it must
-- cost no turn.
local MEMORIES, MEMORIES_MAX = P .. 'r:memory', 200
local function memories()
    local ids = redis.pcall('ZREVRANGE', MEMORIES .. ':by-time', 0, MEMORIES_MAX - 1)
    if ids.err or #ids == 0 then
        return {}
    end
    local found = redis.pcall('HMGET', MEMORIES, unpack(ids))
    return found.err and {} or found
end

-- The same of a turn that runs: what its worker needs, too.
local function reply_started(turn, f, now)
    local out = reply_of('started', turn, 0, f)
    local entry, behind, later = summary_for_turn(f.session, now, f.summary_after)
    for _, value in ipairs({f.input, f.history, f.steps, redis.call('HGETALL', P .. 'context'),
        f.gone, f.upstream, entry, behind, later, memories()}) do
        out[#out + 1] = value
    end
    return out
end

local function fields_of(turn)
    local f = redis.call('HMGET', turn_key(turn), 'session', 'state', 'first', 'epoch', 'attempt',
        'stop', 'created', 'started', 'input', 'rewound', 'upstream')
    return {session = f[1], state = f[2], first = f[3] or top_of(log_of(session_key(f[1] or ''))),
        epoch = f[4], attempt = f[5], stop = f[6], created = f[7], started = f[8], input = f[9],
        gone = tonumber(f[10] or 0), upstream = f[11] or ''}
end

local function answer(outcome, turn, position)
    return reply_of(outcome, turn, position, fields_of(turn))
end

local function answer_started(turn)
    local f = fields_of(turn)
    local s = session_key(f.session or '')
    f.history = HISTORY > 0 and redis.call('LRANGE', messages_of(s), -HISTORY, -1) or {}
    f.steps = redis.call('LRANGE', steps_of(turn_key(turn)), 0, -1)
    f.summary_after = redis.call('HGET', s, 'summary_after')
    return reply_started(turn, f, now_ms())
end
