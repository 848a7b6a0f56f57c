-- SPDX-License-Identifier: BSD-2-Clause
--include lib_fail.lua
--include lib_chat.lua
--include lib_find.lua
--include lib_gone.lua
-- Deletes a session; undo > 0: for so many ms it can be had back (session_restore.lua). ARGV[15]: '1' = a
-- housekeeper will look at it, so what it leaves may go later. Its unfinished turns get their final event
-- first, for viewers that are there; the running one is fenced by the epoch, and by the log's absence. {until when it can be had back, 0 = it cannot; 1: session_purge.lua has
-- to go over what it left}; {-1} without a session.
local sid, event, code, reply, undo = ARGV[10], ARGV[11], ARGV[12], ARGV[13], tonumber(ARGV[14])
local s, now = session_key(sid), now_ms()
if redis.call('EXISTS', s) == 0 then
    return {-1}
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
redis.call('HDEL', s, 'run')
redis.call('UNLINK', queue_of(s))
redis.call('UNLINK', ids_of(sid))
gone_purge(sid, true) -- one of this id that was deleted before
find_forget(sid)
local until_ms, left = 0, 0
local asked = redis.call('HVALS', approvals_key(sid))
-- A long conversation is put aside in any case, if somebody will look there: what it leaves goes step by step.
local aside = undo > 0 or ARGV[15] == '1' and redis.call('LLEN', messages_of(s)) > GONE_STEP
if aside and not is_unlisted(sid) then
    until_ms, left = undo > 0 and now + undo or 0, undo > 0 and 0 or 1
    redis.call('HSET', s, 'until', int(until_ms), 'score', redis.call('ZSCORE', P .. 'sessions', sid) or int(now),
        'pin', redis.call('ZSCORE', pinned_key(), sid) or '')
    for i = 1, #asked do
        gone_move(approval_key(asked[i]), gone_part(asked[i], 'approval'), undo + GONE_SPARE)
    end
    branches.live(branch_lists_key(sid), undo + GONE_SPARE)
    for _, pair in ipairs(gone_pairs(sid)) do
        gone_move(pair[1], pair[2], undo + GONE_SPARE)
    end
else
    if redis.call('EXISTS', P .. 'messages', P .. 'feedback') > 0 then
        gone_messages(messages_of(s))
    end
    -- What was asked of the user goes with it.
    for i = 1, #asked do
        redis.call('UNLINK', approval_key(asked[i]))
    end
    branches.forget(branch_lists_key(sid))
    for _, pair in ipairs(gone_pairs(sid)) do
        redis.call('UNLINK', pair[1])
    end
end
for i = 1, #asked do
    redis.call('ZREM', P .. 'approvals', asked[i])
end
redis.call('ZREM', P .. 'sessions', sid)
redis.call('ZREM', pinned_key(), sid)
-- An epoch is never given twice, not even after a deletion.
redis.call('SET', floor_of(s), epoch, 'PX', int(60000 + undo))
chat_tell(sid)
return {int(until_ms), left}
