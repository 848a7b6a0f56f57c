-- SPDX-License-Identifier: BSD-2-Clause
-- A deleted session until it is gone for good: its keys are put aside under other names, where
-- nothing finds them but these. GONE: the session's hash with until (ms), score (in the list) and
-- pin. Behind lib_turn.lua, lib_chat.lua, lib_find.lua.
local GONE_SPARE = 86400000 -- longer than a housekeeper is away

-- Pairs of a session's key and the one that it has meanwhile; the hash comes last.
local function gone_pairs(sid)
    local s, g = session_key(sid), gone_key(sid)
    return {
        {messages_of(s), messages_of(g)},
        {log_of(s), log_of(g)},
        {branches_key(sid), gone_part(sid, 'branches')},
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

-- Ratings of these messages, and that they may be rated.
local function gone_messages(list)
    if redis.call('EXISTS', P .. 'messages', P .. 'feedback') == 0 then
        return
    end
    local length, step = redis.call('LLEN', list), 200
    for first = 0, length - 1, step do -- by pieces: some hundred arguments a call, little memory at once
        local ids = {}
        for _, message in ipairs(redis.call('LRANGE', list, first, first + step - 1)) do
            ids[#ids + 1] = string.match(message, '^{"id":"([^"]*)","role":"assistant"')
        end
        if #ids > 0 then
            redis.call('ZREM', P .. 'messages', unpack(ids))
            redis.call('HDEL', P .. 'feedback', unpack(ids))
        end
    end
end

-- For good.
local function gone_purge(sid)
    if redis.call('EXISTS', gone_key(sid)) == 0 then
        return
    end
    gone_messages(messages_of(gone_key(sid)))
    for _, id in ipairs(redis.call('HVALS', gone_part(sid, 'approvals'))) do
        redis.call('UNLINK', gone_part(id, 'approval'))
    end
    for _, pair in ipairs(gone_pairs(sid)) do
        redis.call('UNLINK', pair[2])
    end
end
