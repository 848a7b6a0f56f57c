-- SPDX-License-Identifier: BSD-2-Clause
-- Branches of a conversation. Behind lib_keys.lua. A list of entries, the latest last: a short branch is
-- {"turn":ID,"at":MS,"message_id":ID,"messages":[...]}, as earlier releases write every one; a long one has
-- "count":N in place of its messages, and the list branch_key(ID) has these. branch_lists_key(SID) names
-- those lists, in the order of the entries, '-' for a short one: nobody has to read entries, which may have
-- megabytes each, to find them. Entries of earlier releases have no place in it, so they are in front.
local branches = {}
do

local MOST = 20 -- of a session
local PIECE = 50
local SHORT_MESSAGES, SHORT_BYTES = 40, 32768

-- Its turn, when, to which message, and of a long one the count.
function branches.parts(entry)
    local turn, at, message, rest = string.match(entry, '^{"turn":"([^"]*)","at":(%d+),"message_id":"([^"]*)",()')
    return turn, at, message, rest and string.match(entry, '^"count":(%d+)}$', rest)
end

-- The lists that `lists` names live for at least so long.
function branches.live(lists, life)
    for _, turn in ipairs(redis.call('LRANGE', lists, 0, -1)) do
        if turn ~= '-' and redis.call('PTTL', branch_key(turn)) < life then
            redis.call('PEXPIRE', branch_key(turn), int(life))
        end
    end
end

function branches.forget(lists)
    for _, turn in ipairs(redis.call('LRANGE', lists, 0, -1)) do
        redis.call('UNLINK', branch_key(turn))
    end
    redis.call('UNLINK', lists)
end

-- In pieces, as a copy of all at once takes Redis longer than this.
local function copy(from, to, first, last)
    for at = first, last, PIECE do
        redis.call('RPUSH', to, unpack(redis.call('LRANGE', from, at, math.min(at + PIECE - 1, last))))
    end
end

-- The last `count` messages become a list. What is shorter is copied: they, or what stays.
local function keep_long(list, key, count)
    local length = redis.call('LLEN', list)
    redis.call('UNLINK', key)
    if 2 * count <= length then
        copy(list, key, length - count, length - 1)
        redis.call('LTRIM', list, 0, -(count + 1))
    else
        redis.call('RENAME', list, key)
        copy(key, list, 0, length - count - 1)
        redis.call('LTRIM', key, -count, -1)
    end
end

-- The last `count` messages of the conversation leave it and become a branch.
function branches.keep(sid, turn, now, message, count, life)
    local list, names, lists = messages_of(session_key(sid)), branches_key(sid), branch_lists_key(sid)
    local entry = '{"turn":"' .. turn .. '","at":' .. int(now) .. ',"message_id":"' .. message .. '",'
    local short = count <= SHORT_MESSAGES and table.concat(redis.call('LRANGE', list, -count, -1), ',')
    if short and #short <= SHORT_BYTES then
        redis.call('LTRIM', list, 0, -(count + 1))
        redis.call('RPUSH', names, entry .. '"messages":[' .. short .. ']}')
        redis.call('RPUSH', lists, '-')
    else
        keep_long(list, branch_key(turn), count)
        redis.call('RPUSH', names, entry .. '"count":' .. int(count) .. '}')
        redis.call('RPUSH', lists, turn)
    end
    redis.call('LTRIM', names, -MOST, -1)
    while redis.call('LLEN', lists) > MOST do
        redis.call('UNLINK', branch_key(redis.call('LPOP', lists)))
    end
    redis.call('PEXPIRE', names, life)
    redis.call('PEXPIRE', lists, life)
    branches.live(lists, life)
end

end
