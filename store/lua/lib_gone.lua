-- SPDX-License-Identifier: BSD-2-Clause
-- A deleted session until it is gone for good: its keys are put aside under other names, where
-- nothing finds them but these. GONE: the session's hash with until (ms), score (in the list) and
-- pin. Behind lib_turn.lua, lib_chat.lua, lib_find.lua.
local GONE_SPARE = 86400000 -- longer than a housekeeper is away
local GONE_STEP = 100

-- Pairs of a session's key and the one that it has meanwhile; the hash comes last.
local function gone_pairs(sid)
    local s, g = session_key(sid), gone_key(sid)
    return {
        {messages_of(s), messages_of(g)},
        {log_of(s), log_of(g)},
        {branches_key(sid), gone_part(sid, 'branches')},
        {branch_lists_key(sid), gone_part(sid, 'branch-lists')},
        {summaries_key(sid), gone_part(sid, 'summaries')},
        {approvals_key(sid), gone_part(sid, 'approvals')},
        {s, g},
    }
end

local function gone_move(from, to, life)
    if redis.call('EXISTS', from) == 1 then
        redis.call('RENAME', from, to)
        redis.call('PEXPIRE', to, int(life))
    end
end

-- Ratings of these messages, and that they may be rated, go with them: the next GONE_STEP. Returns
-- how many messages are left in the list.
local function gone_messages(list)
    local page = redis.call('LRANGE', list, 0, GONE_STEP - 1)
    local ids = {}
    for _, message in ipairs(page) do
        ids[#ids + 1] = string.match(message, '^{"id":"([^"]*)","role":"assistant"')
    end
    if #ids > 0 then
        redis.call('ZREM', P .. 'messages', unpack(ids))
        redis.call('HDEL', P .. 'feedback', unpack(ids))
    end
    redis.call('LTRIM', list, GONE_STEP, -1)
    return redis.call('LLEN', list)
end

-- For good, a step of it: returns whether there is more to do. Reading a long conversation takes Redis
-- long, so each call reads GONE_STEP messages. all: the rest is dropped unread; ratings of its messages
-- end by themselves.
local function gone_purge(sid, all)
    local g = gone_key(sid)
    if redis.call('EXISTS', g) == 0 then
        return false
    end
    if redis.call('EXISTS', P .. 'messages', P .. 'feedback') > 0 and
        gone_messages(messages_of(g)) > 0 and not all then
        return true
    end
    for _, id in ipairs(redis.call('HVALS', gone_part(sid, 'approvals'))) do
        redis.call('UNLINK', gone_part(id, 'approval'))
    end
    branches.forget(gone_part(sid, 'branch-lists'))
    if redis.call('EXISTS', session_key(sid)) == 0 then -- put aside by a machine that knows of no such lists
        branches.forget(branch_lists_key(sid))
    end
    for _, pair in ipairs(gone_pairs(sid)) do
        redis.call('UNLINK', pair[2])
    end
    return false
end
