-- SPDX-License-Identifier: BSD-2-Clause
--include lib_turn.lua
--include lib_chat.lua
--include lib_stored.lua
--include lib_usage.lua
-- A new message: duplicate, started, queued, pending or refused, in one step; {'ids'}: nothing was done.
-- mode: '1' a worker is there to run it; '-' none is; '0' none is, and it must come (it is recorded);
-- 'x' answer only for a message that came before.
local sid, turn, cmid, body_hash = ARGV[10], ARGV[11], ARGV[12], ARGV[13]
local first_event, input, title, on_busy = ARGV[14], ARGV[15], ARGV[16], ARGV[17]
local mode, webhook = ARGV[18], ARGV[19]
local may_run = mode == '1'
-- others: as many wait as there are workers; may_wait: '1' it may be one of those, '2' it must.
local user_max, others, may_wait = tonumber(ARGV[20]), ARGV[21] == '1', ARGV[22]
local rewinds = ARGV[23] ~= '0' -- '2': without {'ids'}
-- What its client message id means: '' this message, once; '1' this message anew; '2' the same as
-- '', but a turn that failed or was stopped is none.
local renews = ARGV[24]
-- Whose it is, by which API key, and whether this message is still to be counted for its minute.
local account, counts = usage.account(ARGV[25], ARGV[26], ARGV[27]), ARGV[28] == '1'
user_max = account.user.turns or user_max
local messages = {}
for i = 29, #ARGV do
    messages[#messages + 1] = ARGV[i]
end
local s, t, now = session_key(sid), turn_key(turn), now_ms()
local queue = queue_of(s)

local function position_of(id, of)
    local found = redis.call('LPOS', queue_of(session_key(of)), id)
    return found and found + 1 or 0
end

-- This very call came before and its reply was lost.
local earlier = redis.call('HMGET', t, 'state', 'owner')
if earlier[1] and earlier[1] ~= 'answered' then -- that one is only recorded (approval_answer.lua)
    if earlier[1] == 'running' and earlier[2] == OWNER then
        return answer_started(turn)
    end
    local known = earlier[1] == 'queued' or earlier[1] == 'pending'
    return answer(known and earlier[1] or 'duplicate', turn, position_of(turn, sid))
end

local stopped = false
if cmid ~= '' then
    local seen = renews ~= '1' and redis.call('GET', seen_key(cmid))
    if seen and earlier[1] ~= 'answered' then -- an answer knows its own repetition
        local id, hash = string.match(seen, '^(%S+) (%S*)$')
        local found = redis.call('HMGET', turn_key(id), 'session', 'state', 'stop')
        local of = found[1]
        if renews == '2' and
            (found[2] == 'failed' or found[2] == 'cancelled' or found[3]) then
            of = nil
        end
        if of and hash ~= body_hash then
            return {'mismatch', id}
        end
        if of then
            return answer('duplicate', id, position_of(id, of))
        end
    end
    stopped = redis.call('GET', stop_key(cmid))
    if stopped == 'back' then -- taken back before it came
        messages, title, first_event = {}, '', without_words(first_event)
    end
end

if mode == 'x' then
    return {'refused', ''}
end
-- The chat of a trip is begun by its owner alone (chat_open.lua).
if string.sub(sid, 1, 5) == 'trip~' and redis.call('HEXISTS', s, 'created') == 0 then
    return {'gone', ''}
end

-- It may name a message of long ago: the index of these is made first, in steps (message_ids.lua).
if ARGV[23] == '1' and #messages > 0 and ids_wanted(sid) then
    return {'ids'}
end

-- A message of the user's, not an answer that is recorded: that turn comes, and looks for itself.
if may_wait ~= '2' then
    local over = usage.over(account, now)
    local minute = counts and not over and usage.message(account)
    if minute and minute.over then
        over = {minute.scope, 'messages', int(minute.limit), int(minute.count), int(minute.left)}
    end
    local most = account.of_key.turns or 0
    local runs = most > 0 and not over and running_of_user(now, account.key) or 0
    if most > 0 and runs >= most then
        over = {'key', 'turns', int(most), int(runs), '2000'}
    end
    local room = account.user.bytes or 0
    local stored = room > 0 and not over and stored_bytes(room) or 0
    if stored > 0 and stored >= room then
        over = {'user', 'bytes', int(room), int(stored), '0'}
    end
    if over then
        return {'limit', unpack(over)}
    end
end

local session = session_of(sid)
local running = session.run and holder(sid)
local waiting = redis.call('LLEN', queue)
local idle = not running and waiting == 0
if not idle then
    if on_busy == 'reject' then
        return {'busy', running or ''}
    end
    if waiting >= QUEUE_MAX then
        return {'full', running or ''}
    end
end

-- It does not run now, though its session is free: a user who has all the turns that one may have
-- waits, up to a bound; so does one who has none, for a worker; and what is recorded already.
local runs_now, for_place, for_own = idle, false, false
if idle then
    local runs, must = running_of_user(now), may_wait == '2'
    local most = account.of_key.turns or 0 -- of others that was looked at above
    local of_key = must and most > 0 and running_of_user(now, account.key) >= most
    local function waiting()
        return redis.call('ZCARD', P .. 'places')
    end
    if of_key or user_max > 0 and runs >= user_max then
        if not must and waiting() >= QUEUE_MAX then
            return {'user', '', int(user_max)}
        end
        runs_now, for_place, for_own = false, true, true
    elseif not may_run and must then
        runs_now = false
    elseif not must and (not may_run or others) then
        if runs > 0 or may_wait == '0' or waiting() > 0 then
            return {'refused', ''}
        end
        runs_now, for_place = false, true
    end
end

local fields = {'session', sid, 'created', int(now), 'cmid', cmid, 'input', input,
    'first_event', first_event}
local function with(name, value)
    fields[#fields + 1] = name
    fields[#fields + 1] = value
end
if webhook ~= '' then
    with('webhook', webhook)
end
if account.key ~= '' then
    with('key', account.key)
end
if stopped then
    with('stop', stopped == 'back' and 'back' or 'early')
end
if cmid ~= '' then
    redis.call('SET', seen_key(cmid), turn .. ' ' .. body_hash, 'PX',
        math.max(SEEN_KEEP, TURN_KEEP))
end
if stopped then
    redis.call('DEL', stop_key(cmid))
end
local named = title ~= '' and (not session.title or session.title == '')
if named then
    redis.call('HSET', s, 'title', title)
end

if runs_now then
    local history, epoch, first, gone = start_turn(sid, turn, now, session, first_event, messages,
        rewinds, unpack(fields))
    redis.call('PEXPIRE', t, math.max(TURN_KEEP, keep_of(sid)))
    while #history > HISTORY do
        table.remove(history, 1)
    end
    if named then
        chat_tell(sid)
    end
    -- Nothing is asked for that has just been written.
    return reply_started(turn, {session = sid, state = 'running', first = first, epoch = epoch,
        attempt = 1, stop = stopped ~= false, created = int(now), started = int(now), input = input,
        history = history, steps = {}, gone = gone, upstream = '',
        summary_after = session.summary_after}, now)
end

if account.user.turns then
    with('user_max', int(user_max))
end
if (account.of_key.turns or 0) > 0 then
    with('key_max', int(account.of_key.turns))
end
if rewinds then
    with('rewinds', '1')
end
if named then
    with('named', '1') -- its words are the session's title: they go when it is taken back
end
redis.call('HSET', t, 'state', 'queued', 'attempt', 0, unpack(fields))
if for_place then
    wait_for_place(turn, now)
end
redis.call('PEXPIRE', t, math.max(TURN_KEEP, keep_of(sid)))
-- It waits, with its messages: they join the conversation when it starts.
for i = 1, #messages do
    redis.call('HSET', t, 'm:' .. i, messages[i])
end
redis.call('HSET', t, 'waiting', #messages)
touch_session(sid, now)
if named then
    chat_tell(sid)
end
redis.call(on_busy == 'interrupt' and 'LPUSH' or 'RPUSH', queue, turn)
redis.call('PEXPIRE', queue, keep_of(sid))
if running then
    if on_busy == 'interrupt' then
        ask_stop(sid, running, 'interrupt')
    end
    local reply = answer('queued', turn, position_of(turn, sid))
    local lease = redis.call('HGET', turn_key(running), 'lease')
    if not lease or tonumber(lease) < now then
        reply[#reply + 1] = running -- nobody runs it: its hint may have been lost
    end
    return reply
end
local head = next_turn(sid, now, false)
if head == turn then
    return answer('pending', turn, for_own and 1 or 0) -- 1: for the end of one of the user's own
end
-- The session had lost its running turn: its oldest waiting one goes first.
local reply = answer('queued', turn, position_of(turn, sid))
reply[#reply + 1] = head
return reply
