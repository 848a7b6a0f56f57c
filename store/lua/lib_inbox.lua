-- SPDX-License-Identifier: BSD-2-Clause
--include lib_keys.lua
--include lib_push.lua
-- A user's inbox: stream INBOX (e = event, x = members that are put in front of it), hash
-- INBOX:state (entry id -> "acknowledged" or "snoozed DUE"), hash INBOX:snoozed (entry id -> event).
local INBOX = P .. 'inbox'

-- The event as clients see it.
local function inbox_text(id, extra, event)
    return '{"id":"' .. id .. '",' .. extra .. string.sub(event, 2)
end

local function inbox_tell(text)
    redis.call(PUBLISH, user_channel(), text)
end

local function inbox_put(event, extra, most, life)
    local id = redis.call('XADD', INBOX, 'MAXLEN', '~', most, '*', 'e', event, 'x', extra)
    redis.call('XTRIM', INBOX, 'MINID', int(now_ms() - life))
    redis.call('PEXPIRE', INBOX, life)
    local text = inbox_text(id, extra, event)
    inbox_tell(text)
    push_entry(id, text)
    return id
end

local function inbox_entry(id)
    local found = redis.call('XRANGE', INBOX, id, id)[1]
    if not found then
        return nil
    end
    local extra = found[2][3] == 'x' and found[2][4] or ''
    return { id = found[1], event = found[2][2], extra = extra }
end

-- Sets an entry's state; states of entries that have been trimmed go when there are many.
local function inbox_set_state(id, state, most, life)
    local key = INBOX .. ':state'
    redis.call('HSET', key, id, state)
    redis.call('PEXPIRE', key, life)
    if redis.call('HLEN', key) <= 2 * most then
        return
    end
    local first = redis.call('XRANGE', INBOX, '-', '+', 'COUNT', 1)[1]
    local oldest = first and tonumber(string.match(first[1], '^%d+')) or math.huge
    for _, field in ipairs(redis.call('HKEYS', key)) do
        if tonumber(string.match(field, '^%d+')) < oldest
            and redis.call('HEXISTS', INBOX .. ':snoozed', field) == 0 then
            redis.call('HDEL', key, field)
        end
    end
end
