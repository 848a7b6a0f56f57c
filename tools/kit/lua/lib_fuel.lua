-- SPDX-License-Identifier: BSD-2-Clause
-- From a full tank to the next full tank of a vehicle, all that was filled in between and at its end
-- was used on the way: a segment. Entries stand in the order of odometer and id.
-- RECORDS:odo:VEHICLE, RECORDS:full:VEHICLE: sorted sets entry -> metres, all and full tanks
-- RECORDS:use:BUCKET: sorted set full tank -> l/100 km; RECORDS:vehicles; RECORDS:segments: hash full
-- tank -> "METRES MILLILITRES DAY", absent when there is no full tank before it or too much between.
local fuel_between = 200

local function fuel_number(value)
    return type(value) == 'number' and math.floor(value * 1000 + 0.5) or 0
end

local function fuel_day(doc)
    return type(doc.entry_date) == 'string' and string.sub(doc.entry_date, 1, 10) or ''
end

-- Of all vehicles (*) and of one (v:...), a day, its month and all time.
local function fuel_buckets(vehicle, day, fn)
    for _, scope in ipairs({ '*', 'v:' .. vehicle }) do
        for _, span in ipairs({ day, string.sub(day, 1, 7), 'all' }) do
            fn(scope .. ' ' .. span)
        end
    end
end

-- Metres and millilitres since the full tank before an entry of the chain; nil when there is none.
-- volume(id): what an entry filled.
local function fuel_segment(records, vehicle, id, volume)
    local odo, full = records .. ':odo:' .. vehicle, records .. ':full:' .. vehicle
    local rank = redis.call('ZRANK', full, id)
    if rank == 0 then
        return nil
    end
    local before = redis.call('ZRANGE', full, rank - 1, rank - 1)[1]
    local first, last = redis.call('ZRANK', odo, before) + 1, redis.call('ZRANK', odo, id)
    local metres = redis.call('ZSCORE', odo, id) - redis.call('ZSCORE', odo, before)
    if metres <= 0 or last - first >= fuel_between then
        return nil
    end
    local filled = 0
    for _, one in ipairs(redis.call('ZRANGE', odo, first, last)) do
        filled = filled + volume(one)
    end
    return metres, filled
end

local function fuel_forget(ix, vehicle, id)
    local segments = ix.records .. ':segments'
    local text = redis.call('HGET', segments, id)
    if not text then
        return
    end
    local metres, filled, day = string.match(text, '^(%d+) (%d+) (.*)$')
    redis.call('HDEL', segments, id)
    fuel_buckets(vehicle, day, function(bucket)
        ix.add(bucket, 'metres', -metres)
        ix.add(bucket, 'used', -filled)
        ix.drop('use:' .. bucket, id)
    end)
end

local function fuel_measure(ix, vehicle, id, entry)
    local metres, filled = fuel_segment(ix.records, vehicle, id, function(one)
        return fuel_number(entry(one).volume)
    end)
    if not metres then
        return
    end
    local day = fuel_day(entry(id))
    redis.call('HSET', ix.records .. ':segments', id, string.format('%.0f %.0f %s', metres, filled, day))
    redis.call('SADD', ix.records .. ':index:names', 'segments')
    fuel_buckets(vehicle, day, function(bucket)
        ix.add(bucket, 'metres', metres)
        ix.add(bucket, 'used', filled)
        ix.put('use:' .. bucket, id, filled / metres * 100)
    end)
end

local function fuel_apply(doc, ix)
    local vehicle = ix.text(doc.vehicle_id, '')
    local metres, filled = fuel_number(doc.odometer), fuel_number(doc.volume)
    local full, sign = doc.filled_to_top == true, ix.sign
    ix.tag('v:' .. vehicle)
    fuel_buckets(vehicle, fuel_day(doc), function(bucket)
        ix.sum(bucket, 'fills', 1)
        ix.sum(bucket, 'filled', filled)
        ix.money(bucket, '', doc, 'total_minor')
        if type(doc.currency) == 'string' then
            ix.sum(bucket, 'filled ' .. doc.currency, filled)
        end
    end)
    local function entry(id)
        if id == ix.id then
            return doc
        end
        return cjson.decode(redis.call('HGET', ix.records, id) or '{}')
    end
    local odo, tanks = 'odo:' .. vehicle, 'full:' .. vehicle
    ix.put(odo, ix.id, metres)
    ix.put(tanks, ix.id, metres) -- for its place among the full ones
    local rank = redis.call('ZRANK', ix.records .. ':' .. tanks, ix.id)
    local after = redis.call('ZRANGE', ix.records .. ':' .. tanks, rank + 1, rank + 1)[1]
    if after then
        fuel_forget(ix, vehicle, after)
    end
    fuel_forget(ix, vehicle, ix.id)
    if sign < 0 or not full then
        ix.drop(tanks, ix.id)
    end
    if sign < 0 then
        ix.drop(odo, ix.id)
        if redis.call('EXISTS', ix.records .. ':' .. odo) == 0 then
            ix.drop('vehicles', vehicle)
        end
    else
        ix.put('vehicles', vehicle, 0)
        if full then
            fuel_measure(ix, vehicle, ix.id, entry)
        end
    end
    if after then
        fuel_measure(ix, vehicle, after, entry)
    end
end
