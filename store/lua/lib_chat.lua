-- SPDX-License-Identifier: BSD-2-Clause
-- Sessions as lists of chats show them. Behind lib_keys.lua.
local PINNED_MAX = 50

-- {title, created, updated, messages, run, pinned} of a session, nil when there is none.
local function chat_row(sid)
    local s = session_key(sid)
    local f = redis.call('HMGET', s, 'title', 'created', 'updated', 'run')
    if not f[2] then
        return nil
    end
    return {f[1] or '', f[2], f[3] or '0', redis.call('LLEN', messages_of(s)), f[4] or '',
        redis.call('ZSCORE', pinned_key(), sid) and 1 or 0}
end

-- Tells the user's lists: what the session is now, or that it is gone.
local function chat_tell(sid)
    if is_unlisted(sid) then
        return
    end
    local row = chat_row(sid)
    local id = cjson.encode(sid)
    redis.call(PUBLISH, user_channel(), row and
        '{"type":"session_updated","id":' .. id .. ',"title":' .. cjson.encode(row[1]) .. ',"pinned":' ..
            (row[6] == 1 and 'true' or 'false') .. '}' or
        '{"type":"session_updated","id":' .. id .. ',"deleted":true}')
end
