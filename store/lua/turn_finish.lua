-- SPDX-License-Identifier: BSD-2-Clause
--include lib_turn.lua
--include lib_push.lua
--include lib_usage.lua
-- Ends a running turn: last events, messages, usage, state; and the session's next turn.
-- {'fenced'}, {'behind'} (the log lacks entries in front of these: nothing was done), {'done'},
-- {'pending', TURN} or the next turn, started.
local turn, epoch, state, first_n = ARGV[10], ARGV[11], ARGV[12], tonumber(ARGV[13])
local used, error_code, status, reply = ARGV[14], ARGV[15], ARGV[16], ARGV[17]
local take = ARGV[18] == '1'
local events, messages, context = tonumber(ARGV[19]), tonumber(ARGV[20]), tonumber(ARGV[21])
local context_max = tonumber(ARGV[22])
local untrusted = ARGV[23] == '1'
local push_after = tonumber(ARGV[24]) -- ms; -1 = nothing is pushed
-- What the turn has used, its API key, the limits of the user and of that key.
local spent, account = ARGV[25], usage.account(ARGV[26], ARGV[27], ARGV[28])
local at = 29
local t = turn_key(turn)
local f = redis.call('HMGET', t, 'state', 'epoch', 'session', 'next', 'created')
if not f[1] or f[2] ~= epoch then
    return {'fenced'}
end
local sid = f[3]
local s = session_key(sid)

-- The same call again: its reply was lost.
if ENDED[f[1]] then
    local n = f[4] and redis.call('HMGET', turn_key(f[4]), 'state', 'owner')
    if n and n[1] == 'running' and n[2] == OWNER then
        return answer_started(f[4])
    end
    if n and n[1] == 'pending' then
        return {'pending', f[4]}
    end
    return {'done'}
end

local top = top_of(log_of(s))
local top_epoch, top_n = split_id(top)
local held = redis.call('HMGET', s, 'run', 'epoch')
-- A log that was lost at the very end is begun anew by the last events.
local lost = top == '0-0' and held[2] == epoch
-- 'pending' with this epoch: given up for lost, but it has come through after all.
if (top_epoch ~= tonumber(epoch) and not lost) or held[1] ~= turn then
    return {'fenced'}
end
if top_n < first_n - 1 then
    return {'behind'} -- Redis has lost what it had confirmed: its worker has it still
end
local now = now_ms()
local n = math.max(first_n, top_n + 1)
for i = 0, events - 1 do
    top = emit(sid, epoch, n + i, top, ARGV[at + i])
end
at = at + events
local said = {}
if messages > 0 then
    local ids = {}
    for i = at, at + messages - 1 do
        redis.call('RPUSH', messages_of(s), ARGV[i])
        said[#said + 1] = ARGV[i]
        if is_unlisted(sid) then
            note_calls(sid, ARGV[i])
        end
        if string.find(ARGV[i], '"role":"assistant"', 1, true) and not is_unlisted(sid) then
            local id = id_of(ARGV[i])
            if id then
                redis.call('ZADD', P .. 'messages', int(now), id)
            end
        end
    end
    redis.call('LTRIM', messages_of(s), -MESSAGES_MAX, -1)
    redis.call('HINCRBY', s, 'count', messages)
    redis.call('PEXPIRE', P .. 'messages', SESSION_KEEP)
    local old = redis.call('ZRANGE', P .. 'messages', 0, -(IDS_MAX + 1))
    for i = 1, #old do
        redis.call('ZREM', P .. 'messages', old[i])
        redis.call('HDEL', P .. 'feedback', old[i])
    end
end
at = at + messages
-- Pairs of key and raw JSON; '' removes. What does not fit is left out: the answer comes first.
for i = at, at + context - 1, 2 do
    if ARGV[i + 1] == '' then
        redis.call('HDEL', P .. 'context', ARGV[i])
    elseif redis.call('HEXISTS', P .. 'context', ARGV[i]) == 1 or
        redis.call('HLEN', P .. 'context') < context_max then
        redis.call('HSET', P .. 'context', ARGV[i], ARGV[i + 1])
    end
end

usage.add(t, spent, account, now)
close_turn(turn, now, 'state', state, 'last', top, 'status', status, 'reply', reply,
    'usage', used, 'error', error_code)
if untrusted then
    touch_session(sid, now, 'untrusted', '1')
else
    touch_session(sid, now)
end
push_turn(turn, sid, state, now - tonumber(f[5] or now), push_after, said)
redis.call('XTRIM', log_of(s), 'MINID', int(now - LOG_KEEP))
local follower, started = next_turn(sid, now, take)
if not follower then
    redis.call('PEXPIRE', log_of(s), LOG_KEEP)
    return {'done'}
end
redis.call('HSET', t, 'next', follower)
if started then
    return answer_started(follower)
end
return {'pending', follower}
