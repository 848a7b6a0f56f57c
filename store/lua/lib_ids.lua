-- SPDX-License-Identifier: BSD-2-Clause
-- Where the user's messages stand of a long conversation, but for its last IDS_TAIL messages: hash
-- id -> number of the message, counted over all that the session ever had; '#to': the number up to which
-- they are in. Only sessions whose clients name their messages have one. Behind lib_summary.lua.
local IDS_TAIL, IDS_STEP = 200, 100

-- Its id, nil when it has none, and what makes it the same message: a client's id may be another
-- one's message already. Messages are stored with id and role in front.
local function id_of(message)
    local id, role = string.match(message, '^{"id":"([^"\\%c]*)","role":"(%a+)"')
    if id then
        return id, role .. ' ' .. id
    end
    local ok, m = pcall(cjson.decode, message)
    if ok and type(m) == 'table' and type(m.id) == 'string' then
        return m.id, tostring(m.role) .. ' ' .. m.id
    end
    return nil, nil
end

-- How many messages are still to be taken in, the number behind which they begin, and how many are not
-- stored any more.
local function ids_left(s)
    local total, gone = messages_ever(s)
    local to = tonumber(redis.call('HGET', ids_of(s), '#to') or 0)
    if to > total then -- the user has gone back, on a machine that knows of no such index
        redis.call('UNLINK', ids_of(s))
        to = 0
    end
    to = math.max(to, gone)
    return total - IDS_TAIL - to, to, gone
end

-- Takes the next ones in. Returns how many are left.
local function ids_take(s, life)
    local left, to, gone = ids_left(s)
    if left <= 0 then
        return 0
    end
    local n = math.min(left, IDS_STEP)
    local part = redis.call('LRANGE', messages_of(s), int(to - gone), int(to - gone + n - 1))
    local found = {'#to', int(to + n)}
    for i, message in ipairs(part) do
        local id, one = id_of(message)
        if id and one == 'user ' .. id then
            found[#found + 1] = one
            found[#found + 1] = int(to + i)
        end
    end
    redis.call('HSET', ids_of(s), unpack(found))
    redis.call('PEXPIRE', ids_of(s), int(life))
    return left - n
end

-- How many messages stand behind this one of the user's; nil when there is none.
local ids_find
function ids_find(s, one, life, again)
    while ids_take(s, life) > 0 do end -- a few: message_ids.lua has been there
    local number = tonumber(redis.call('HGET', ids_of(s), one) or 0)
    local total, gone = messages_ever(s)
    if number <= gone then
        return nil
    end
    local _, there = id_of(redis.call('LINDEX', messages_of(s), int(number - gone - 1)) or '')
    if there == one then
        return total - number
    end
    redis.call('UNLINK', ids_of(s))
    return not again and ids_find(s, one, life, true) or nil
end
