-- SPDX-License-Identifier: BSD-2-Clause
--include lib_keys.lua
--include lib_notice.lua
-- Web pushes of a user: hash PUSH (subscription -> JSON), sorted set PUSH:due (ITEM SUBSCRIPTION -> when
-- to try, ms), hash PUSH:tries (the same -> tries), hash PUSH:items (item -> JSON), hash PUSH:failing
-- (subscription -> `SINCE COUNT` of pushes given up with none delivered between). Twin: store/pushes.c.
local PUSH = P .. 'push'
local PUSH_DUE, PUSH_TRIES, PUSH_ITEMS = PUSH .. ':due', PUSH .. ':tries', PUSH .. ':items'
local PUSH_FAILING = PUSH .. ':failing'
local PUSH_KEEP = 86400000 -- longer than any try comes after the first one
local PUSH_WAITING = 200 -- of one user
local PUSH_TEXT = 1200 -- bytes of a text

-- One delivery is over; its item goes with the last of them.
local function push_drop(member)
    redis.call('ZREM', PUSH_DUE, member)
    redis.call('HDEL', PUSH_TRIES, member)
    local item = string.match(member, '^(%S+) ')
    for _, sub in ipairs(redis.call('HKEYS', PUSH)) do
        if redis.call('ZSCORE', PUSH_DUE, item .. ' ' .. sub) then
            return
        end
    end
    redis.call('HDEL', PUSH_ITEMS, item)
end

-- A subscription goes, and what waits for it. 1 or 0.
local function push_forget(sub)
    for _, member in ipairs(redis.call('ZRANGE', PUSH_DUE, 0, -1)) do
        if string.sub(member, -#sub - 1) == ' ' .. sub then
            push_drop(member)
        end
    end
    redis.call('HDEL', PUSH_FAILING, sub)
    return redis.call('HDEL', PUSH, sub)
end

-- The subscriptions that want such events: 'reminders', 'approvals' or 'answers'.
local function push_wanted(event)
    local out = {}
    local all = redis.call('HGETALL', PUSH)
    for i = 1, #all, 2 do
        local ok, s = pcall(cjson.decode, all[i + 1])
        for _, wanted in ipairs(ok and type(s) == 'table' and s.events or {}) do
            if wanted == event then
                out[#out + 1] = all[i]
            end
        end
    end
    return out
end

-- The item is due for each of these subscriptions.
local function push_put(item, subs, json)
    if #subs == 0 then
        return
    end
    local now = int(now_ms())
    redis.call('HSET', PUSH_ITEMS, item, json)
    for _, sub in ipairs(subs) do
        redis.call('ZADD', PUSH_DUE, 'NX', now, item .. ' ' .. sub)
    end
    while redis.call('ZCARD', PUSH_DUE) > PUSH_WAITING do
        push_drop(redis.call('ZRANGE', PUSH_DUE, 0, 0)[1])
    end
    for _, key in ipairs({PUSH_DUE, PUSH_TRIES, PUSH_ITEMS}) do
        redis.call('PEXPIRE', key, PUSH_KEEP)
    end
    notice_push()
end

-- An entry of the inbox, as clients see it.
local function push_entry(id, event)
    push_put(id, push_wanted('reminders'), '{"kind":"inbox","event":' .. event .. '}')
end

local function push_cut(text)
    if #text <= PUSH_TEXT then
        return text
    end
    return (string.gsub(string.sub(text, 1, PUSH_TEXT), '[\192-\255][\128-\191]*$', ''))
end

-- A turn that asks its user: how it asks.
local function push_question(turn, sid)
    local asked = redis.call('HGETALL', approvals_key(sid))
    for i = 1, #asked, 2 do
        local f = redis.call('HMGET', approval_key(asked[i + 1]), 'asked', 'message', 'state')
        if f[1] == turn and f[3] == 'open' then
            return f[2]
        end
    end
    return nil
end

-- The text of the last message of the assistant among these.
local function push_answer(messages)
    for i = #messages, 1, -1 do
        local ok, m = pcall(cjson.decode, messages[i])
        if ok and type(m) == 'table' and m.role == 'assistant' and type(m.content) == 'string'
            and m.content ~= '' then
            return m.content
        end
    end
    return nil
end

-- A turn has ended as `state`: done after `took` ms, which is long enough when it is at least
-- `after` (-1 = never); or interrupted.
local function push_turn(turn, sid, state, took, after, messages)
    if after < 0 or is_unlisted(sid) or redis.call('EXISTS', PUSH) == 0 then
        return
    end
    local kind, event, text
    if state == 'interrupted' then
        kind, event, text = 'approval', 'approvals', push_question(turn, sid)
    elseif state == 'done' and took >= after then
        kind, event, text = 'answer', 'answers', push_answer(messages)
    end
    local subs = text and push_wanted(event) or {}
    if #subs > 0 then
        push_put(turn, subs, cjson.encode({kind = kind, session = sid, text = push_cut(text),
            title = redis.call('HGET', session_key(sid), 'title') or ''}))
    end
end

-- A service asks in the middle of a call, which waits for the answer.
local function push_live(id, sid, message)
    local subs = not is_unlisted(sid) and redis.call('EXISTS', PUSH) == 1 and push_wanted('approvals') or {}
    if #subs > 0 then
        push_put(id, subs, cjson.encode({kind = 'approval', session = sid, text = push_cut(message),
            title = redis.call('HGET', session_key(sid), 'title') or ''}))
    end
end
