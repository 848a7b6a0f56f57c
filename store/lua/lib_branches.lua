-- SPDX-License-Identifier: BSD-2-Clause
-- Branches of a conversation. Behind lib_keys.lua. A list of names, the latest last: an entry is
-- {"turn":ID,"at":MS,"message_id":ID,"count":N}, and the list branch_key(ID) has its N messages. Entries
-- of earlier releases have the messages themselves in the place of "count".
local BRANCHES_MAX = 20 -- of a session
local BRANCH_PIECE = 50

local function branch_parts(entry)
    local turn, at, message, rest = string.match(entry, '^{"turn":"([^"]*)","at":(%d+),"message_id":"([^"]*)",()')
    return turn, at, message, rest and string.match(entry, '^"count":(%d+)}$', rest)
end

-- fn(key) of each branch that has a list of its own.
local function each_branch(names, fn)
    for _, entry in ipairs(redis.call('LRANGE', names, 0, -1)) do
        local turn, _, _, count = branch_parts(entry)
        if count then
            fn(branch_key(turn))
        end
    end
end

local function branch_forget(key)
    redis.call('UNLINK', key)
end

-- In pieces, as a copy of all at once takes Redis longer than this.
local function branch_copy(from, to, first, last)
    for at = first, last, BRANCH_PIECE do
        redis.call('RPUSH', to, unpack(redis.call('LRANGE', from, at, math.min(at + BRANCH_PIECE - 1, last))))
    end
end

-- The last `count` messages of the conversation leave it and become one. What is shorter is copied: they,
-- or what stays.
local function branch_keep(sid, turn, now, message, count, life)
    local list, key, names = messages_of(session_key(sid)), branch_key(turn), branches_key(sid)
    local length = redis.call('LLEN', list)
    redis.call('UNLINK', key)
    if 2 * count <= length then
        branch_copy(list, key, length - count, length - 1)
        redis.call('LTRIM', list, 0, -(count + 1))
    else
        redis.call('RENAME', list, key)
        branch_copy(key, list, 0, length - count - 1)
        redis.call('LTRIM', key, -count, -1)
    end
    redis.call('PEXPIRE', key, life)
    redis.call('RPUSH', names, '{"turn":"' .. turn .. '","at":' .. int(now) .. ',"message_id":"' .. message ..
        '","count":' .. int(count) .. '}')
    while redis.call('LLEN', names) > BRANCHES_MAX do
        local old, _, _, counted = branch_parts(redis.call('LPOP', names))
        if counted then
            branch_forget(branch_key(old))
        end
    end
    redis.call('PEXPIRE', names, life)
end
