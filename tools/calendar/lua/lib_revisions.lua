-- SPDX-License-Identifier: BSD-2-Clause
-- Revisions of the calendar's resources, for clients that keep a copy (CalDAV). A resource is an event, or a series with
-- its changed occurrences. Beside the records of family "event" (BASE):
-- BASE:revs        sorted set: id of a resource -> revision of its last change; one that has none was not changed yet
-- BASE:revs:gone   sorted set: name of a deleted resource -> revision; the oldest are forgotten
-- BASE:revs:at     hash: last (the newest revision), floor (the newest of those that are forgotten)
-- BASE:revs:names  hash: a name that a client has chosen -> id
-- A revision is a time in milliseconds, but always later than the one before.
local revisions_gone_most = 2000

local function revisions_base(records)
    return (string.gsub(records, '[^:]+$', 'event'))
end

local function revisions_next(base)
    local t = redis.call('TIME')
    local last = tonumber(redis.call('HGET', base .. ':revs:at', 'last') or 0)
    local now = math.max(t[1] * 1000 + math.floor(t[2] / 1000), last + 1)
    redis.call('HSET', base .. ':revs:at', 'last', string.format('%.0f', now))
    return string.format('%.0f', now)
end

local function revisions_read(json)
    local ok, doc = pcall(cjson.decode, json or '')
    return ok and type(doc) == 'table' and doc or {}
end

local function revisions_text(value)
    return type(value) == 'string' and value or nil
end

local function revisions_put(base, id, name)
    redis.call('ZADD', base .. ':revs', revisions_next(base), id)
    redis.call('ZREM', base .. ':revs:gone', name)
end

local function revisions_drop(base, name)
    local gone = base .. ':revs:gone'
    redis.call('ZADD', gone, revisions_next(base), name)
    local over = redis.call('ZCARD', gone) - revisions_gone_most
    if over > 0 then
        local last = redis.call('ZRANGE', gone, over - 1, over - 1, 'WITHSCORES')
        redis.call('HSET', base .. ':revs:at', 'floor', last[2])
        redis.call('ZREMRANGEBYRANK', gone, 0, over - 1)
    end
end

-- A changed occurrence is part of its series: that changes.
local function revisions_changed_part(base, series, owner, json)
    if json or redis.call('HEXISTS', series, owner) == 1 then
        local doc = revisions_read(redis.call('HGET', series, owner))
        revisions_put(base, owner, revisions_text(doc.file_name) or owner)
    end
end

local function revisions_changed(records, id, before, json)
    if before == json then
        return
    end
    local base = revisions_base(records)
    local series = (string.gsub(base, '[^:]+$', 'series'))
    local doc, old = revisions_read(json), revisions_read(before)
    local owner = revisions_text(doc.series_id) or revisions_text(old.series_id)
    if owner then
        return revisions_changed_part(base, series, owner, json)
    end
    local name, was = revisions_text(doc.file_name), revisions_text(old.file_name)
    -- An event that begins to repeat changes its family.
    if not json and redis.call('HEXISTS', records == base and series or base, id) == 1 then
        return
    end
    -- A name that leads to another one by now stays there.
    local owner_of_was = was and redis.call('HGET', base .. ':revs:names', was)
    local is_ours = not owner_of_was or owner_of_was == id
    if was and was ~= name and is_ours then
        redis.call('HDEL', base .. ':revs:names', was)
    end
    if before and is_ours and (not json or (was or id) ~= (name or id)) then
        revisions_drop(base, was or id)
    end
    if json then
        if name then
            redis.call('HSET', base .. ':revs:names', name, id)
        end
        revisions_put(base, id, name or id)
    else
        redis.call('ZREM', base .. ':revs', id)
    end
end
