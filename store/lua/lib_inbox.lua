-- A user's inbox: stream tp:{UID}:inbox (e = event, x = members that are put in front of it), hash
-- ...:inbox:state (entry id -> "acknowledged" or "snoozed DUE"), hash ...:inbox:snoozed (entry id -> event).

local function inbox_now()
    local t = redis.call('TIME')
    return t[1] * 1000 + math.floor(t[2] / 1000)
end

-- The event as clients see it.
local function inbox_text(id, extra, event)
    return '{"id":"' .. id .. '",' .. extra .. string.sub(event, 2)
end

local function inbox_tell(p, text)
    redis.call('PUBLISH', string.sub(p, 1, -2), text)
end

local function inbox_put(p, event, extra, most, life)
    local inbox = p .. 'inbox'
    local id = redis.call('XADD', inbox, 'MAXLEN', '~', most, '*', 'e', event, 'x', extra)
    redis.call('XTRIM', inbox, 'MINID', string.format('%.0f', inbox_now() - life))
    redis.call('PEXPIRE', inbox, life)
    inbox_tell(p, inbox_text(id, extra, event))
    return id
end

local function inbox_entry(p, id)
    local found = redis.call('XRANGE', p .. 'inbox', id, id)[1]
    if not found then
        return nil
    end
    local extra = found[2][3] == 'x' and found[2][4] or ''
    return { id = found[1], event = found[2][2], extra = extra }
end

-- Sets an entry's state; states of entries that have been trimmed go when there are many.
local function inbox_set_state(p, id, state, most, life)
    local key = p .. 'inbox:state'
    redis.call('HSET', key, id, state)
    redis.call('PEXPIRE', key, life)
    if redis.call('HLEN', key) <= 2 * most then
        return
    end
    local first = redis.call('XRANGE', p .. 'inbox', '-', '+', 'COUNT', 1)[1]
    local oldest = first and tonumber(string.match(first[1], '^%d+')) or math.huge
    for _, field in ipairs(redis.call('HKEYS', key)) do
        if tonumber(string.match(field, '^%d+')) < oldest
            and redis.call('HEXISTS', p .. 'inbox:snoozed', field) == 0 then
            redis.call('HDEL', key, field)
        end
    end
end
