-- SPDX-License-Identifier: BSD-2-Clause
--include lib_keys.lua
-- For scripts over what users share. KEYS[1] = their prefix, ARGV[1] = mark ("" = none),
-- ARGV[2] = its life in ms. A family F: hash r:F, sorted set r:F:by-time, hash r:F:terms, and per
-- term W a sorted set w:F:W by time.

local function prior()
    return ARGV[1] ~= '' and redis.call('GET', P .. 'effect:' .. ARGV[1])
end

local function remember(outcome)
    if ARGV[1] ~= '' then
        redis.call('SET', P .. 'effect:' .. ARGV[1], outcome, 'PX', ARGV[2])
    end
end

local function drop(family, id)
    local terms = redis.call('HGET', P .. 'r:' .. family .. ':terms', id)
    for term in string.gmatch(terms or '', '%S+') do
        redis.call('ZREM', P .. 'w:' .. family .. ':' .. term, id)
    end
    redis.call('HDEL', P .. 'r:' .. family .. ':terms', id)
    redis.call('ZREM', P .. 'r:' .. family .. ':by-time', id)
    if family == 'post' then
        local comments = P .. 'r:comment:' .. id
        redis.call('UNLINK', P .. 'likes:' .. id, comments, comments .. ':by-time', comments .. ':terms')
    end
    return redis.call('HDEL', P .. 'r:' .. family, id)
end

local function are_friends(a, b)
    return redis.call('SISMEMBER', P .. 'follows:' .. a, b) == 1
        and redis.call('SISMEMBER', P .. 'follows:' .. b, a) == 1
end

-- A record as readers get it: JSON, likes, comments, liked, followed (by the viewer).
local function shown(family, id, json, viewer)
    if family ~= 'post' then
        return { json, '0', '0', '0', '0' }
    end
    local author = cjson.decode(json).author
    return { json, tostring(redis.call('SCARD', P .. 'likes:' .. id)),
        tostring(redis.call('HLEN', P .. 'r:comment:' .. id)),
        tostring(redis.call('SISMEMBER', P .. 'likes:' .. id, viewer)),
        tostring(type(author) == 'string'
            and redis.call('SISMEMBER', P .. 'follows:' .. viewer, author) or 0) }
end
