-- SPDX-License-Identifier: BSD-2-Clause
-- Where the user's messages stand of a long conversation, but for its last IDS_TAIL messages: hash
-- `user ID` -> number of the message, counted over all that the session ever had, and in front of it the
-- numbers of a later one of the same id: the latest first, NUMBERS at most. '#to': the number up to which
-- they are in, '#last': SHA1 of that message. A number may be out of date: who uses it looks at the
-- message. Only sessions whose clients name their messages have one. Behind lib_summary.lua.
local IDS_TAIL = 200
local id_of, ids_left, ids_wanted, ids_take, ids_lower, ids_find
do

local STEP, NUMBERS = 100, 4

-- Its id, nil when it has none, and what makes it the same message: a client's id may be another
-- one's message already. Messages are stored with id and role in front.
function id_of(message)
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

local function message_at(sid, number, gone)
    return redis.call('LINDEX', messages_of(session_key(sid)), int(number - gone - 1)) or ''
end

-- How many messages are still to be taken in, the number behind which they begin, and how many are not
-- stored any more. Drops an index that is not this conversation's: a machine of an older version, which
-- knows of none, has gone back, or has deleted the session.
function ids_left(sid)
    local total, gone = messages_ever(session_key(sid))
    local f = redis.call('HMGET', ids_of(sid), '#to', '#last')
    local to = tonumber(f[1] or 0)
    if to > total or to > gone and redis.sha1hex(message_at(sid, to, gone)) ~= f[2] then
        redis.call('UNLINK', ids_of(sid))
        to = 0
    end
    to = math.max(to, gone)
    return total - IDS_TAIL - to, to, gone
end

-- Whether message_ids.lua has work to do. An index that has far more than there are messages is made
-- anew: its rest are messages that have left.
function ids_wanted(sid)
    local length = redis.call('LLEN', messages_of(session_key(sid)))
    if redis.call('HLEN', ids_of(sid)) > 2 * length + 2 then
        redis.call('UNLINK', ids_of(sid))
    end
    return (ids_left(sid)) > STEP
end

-- number in front of those that are known: what is not below it is out of date.
local function numbers_with(number, known, gone)
    local out = {int(number)}
    for n in string.gmatch(known or '', '%d+') do
        if tonumber(n) < number and tonumber(n) > gone and #out < NUMBERS then
            out[#out + 1] = n
        end
    end
    return table.concat(out, ' ')
end

-- Takes the next ones in. Returns how many are left.
function ids_take(sid, life)
    local left, to, gone = ids_left(sid)
    if left <= 0 then
        return 0
    end
    local n = math.min(left, STEP)
    local part = redis.call('LRANGE', messages_of(session_key(sid)), int(to - gone), int(to - gone + n - 1))
    local set = {'#to', int(to + n), '#last', redis.sha1hex(part[n])}
    local now = {} -- what these have: one id may be there twice
    for i, message in ipairs(part) do
        local id, one = id_of(message)
        if id and one == 'user ' .. id then
            now[one] = numbers_with(to + i, now[one] or redis.call('HGET', ids_of(sid), one), gone)
        end
    end
    for one, numbers in pairs(now) do
        set[#set + 1] = one
        set[#set + 1] = numbers
    end
    redis.call('HSET', ids_of(sid), unpack(set))
    redis.call('PEXPIRE', ids_of(sid), int(life))
    return left - n
end

-- The last `count` messages are about to leave the conversation.
function ids_lower(sid, count)
    local _, to, gone = ids_left(sid)
    local kept = (messages_ever(session_key(sid))) - count
    if to > kept then
        if kept > gone then
            redis.call('HSET', ids_of(sid), '#to', int(kept), '#last',
                redis.sha1hex(message_at(sid, kept, gone)))
        else
            redis.call('UNLINK', ids_of(sid))
        end
    end
end

-- How many messages stand behind this one of the user's, the latest of that name; nil when there is none.
function ids_find(sid, one, life)
    while ids_take(sid, life) > 0 do end -- as a rule a few: message_ids.lua has been there
    local total, gone = messages_ever(session_key(sid))
    for text in string.gmatch(redis.call('HGET', ids_of(sid), one) or '', '%d+') do
        local number = tonumber(text)
        if number > gone and number <= total then
            local _, there = id_of(message_at(sid, number, gone))
            if there == one then
                return total - number
            end
        end
    end
    return nil
end

end
