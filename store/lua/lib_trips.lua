-- SPDX-License-Identifier: BSD-2-Clause
--include lib_index.lua
--include lib_inbox.lua
-- Trips that their owner shares; behind the owner's prefix (store/trips.h):
-- hash share:TRIP     `m UID` -> `ROLE SINCE`; `i ID` -> `DIGEST ROLE EXPIRES USES TO`, TO `-` = anybody;
--                     `to` -> the member to whom the trip is being handed over
-- set  shares         the trips that have one
-- zset trip-out       what members have to be told, by its number: `NUMBER TO TRIP LINK MODE`, title, event,
--                     a line each
-- key  trip-seq       the last number
-- key  live:TRIP      the live trip, JSON
-- and behind a member's: hash joined, TRIP -> `NUMBER ROLE OWNER SINCE`, title; ROLE `none` = no member any
-- more, kept for a day so that an older word does not undo a later one.
local LINKS_KEPT, LINK_GONE_MS = 300, 86400000

local function share_key(trip)
    return P .. 'share:' .. trip
end

local function live_key(trip)
    return P .. 'live:' .. trip
end

local function trip_of(trip)
    return redis.call('HGET', P .. 'r:trip', trip)
end

local function role_of(trip, uid)
    if uid == user_id() then
        return 'owner'
    end
    local m = redis.call('HGET', share_key(trip), 'm ' .. uid)
    return m and string.match(m, '^%S+')
end

-- All fields of a share that begin so, without that beginning, and their values.
local function share_fields(trip, start)
    local all, out = redis.call('HGETALL', share_key(trip)), {}
    for i = 1, #all, 2 do
        if string.sub(all[i], 1, 2) == start then
            out[#out + 1] = { string.sub(all[i], 3), all[i + 1] }
        end
    end
    return out
end

-- One word to one member, to be delivered. link: a role, `none`, or `-` = as it is. mode: `inbox` an entry,
-- `quiet` only to open connections, `change` an entry unless one of this kind came a short time ago.
local function tell(to, trip, link, mode, title, event)
    local seq = math.max(tonumber(redis.call('GET', P .. 'trip-seq') or 0) + 1, now_ms())
    redis.call('SET', P .. 'trip-seq', int(seq))
    redis.call('ZADD', P .. 'trip-out', int(seq), int(seq) .. ' ' .. to .. ' ' .. trip .. ' ' .. link .. ' ' ..
        mode .. '\n' .. title .. '\n' .. event)
end

-- The owner and all members; who did it needs no entry. links: uid -> what becomes of the link.
local function tell_all(trip, actor, mode, title, event, links)
    tell(user_id(), trip, links[user_id()] or '-', user_id() == actor and 'quiet' or mode, title, event)
    for _, m in ipairs(share_fields(trip, 'm ')) do
        tell(m[1], trip, links[m[1]] or '-', m[1] == actor and 'quiet' or mode, title, event)
    end
end

-- Without a member and an invitation nothing is shared any more.
local function share_tidy(trip)
    if #share_fields(trip, 'm ') == 0 and #share_fields(trip, 'i ') == 0 then
        redis.call('DEL', share_key(trip), live_key(trip))
        redis.call('SREM', P .. 'shares', trip)
    end
end

local function share_end(trip, actor, title, event)
    local links = {}
    for _, m in ipairs(share_fields(trip, 'm ')) do
        links[m[1]] = 'none'
    end
    tell_all(trip, actor, 'inbox', title, event, links)
    redis.call('DEL', share_key(trip), live_key(trip))
    redis.call('SREM', P .. 'shares', trip)
end

-- Invitations whose time is over.
local function share_purge(trip)
    for _, i in ipairs(share_fields(trip, 'i ')) do
        if tonumber(string.match(i[2], '^%S+ %S+ (%d+)')) <= now_ms() then
            redis.call('HDEL', share_key(trip), 'i ' .. i[1])
        end
    end
end

-- The invitation of this digest: id, role, expires, uses, to; or nil.
local function share_invitation(trip, digest, actor)
    share_purge(trip)
    for _, i in ipairs(share_fields(trip, 'i ')) do
        local code, role, expires, uses, to = string.match(i[2], '^(%S+) (%S+) (%d+) (%d+) (%S+)$')
        if code == digest and (to == '-' or to == actor) then
            return i[1], role, expires, tonumber(uses), to
        end
    end
end

local function trip_write(trip, json, time)
    local records, times = P .. 'r:trip', P .. 'r:trip:by-time'
    if index_rules.trip then
        index_change('trip', records, times, trip, json, time)
    end
    if json then
        redis.call('HSET', records, trip, json)
        redis.call('ZADD', times, time, trip)
        redis.call('SADD', P .. 'families', 'trip')
    else
        redis.call('HDEL', records, trip)
        redis.call('ZREM', times, trip)
    end
end
