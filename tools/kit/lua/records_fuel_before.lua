-- SPDX-License-Identifier: BSD-2-Clause
-- The segment that an entry would end, as a full tank. KEYS: records hash, time index.
-- ARGV: vehicle, id, metres, millilitres. Answer: {"OK"}, {"OK", metres, millilitres} or {"INCOMPLETE"}
--include lib_index.lua
if not index_ready('fuel', KEYS[1], KEYS[2]) then
    return { 'INCOMPLETE' }
end
local records, vehicle, id, metres = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3])
local odo, full = records .. ':odo:' .. vehicle, records .. ':full:' .. vehicle
local before
for _, one in ipairs(redis.call('ZREVRANGEBYSCORE', full, metres, '-inf', 'LIMIT', 0, 2)) do
    before = before or one ~= id and one or nil
end
if not before then
    return { 'OK' }
end
local filled, start = tonumber(ARGV[4]), redis.call('ZRANK', odo, before) + 1
local between = redis.call('ZRANGE', odo, start, start + fuel_between)
for i, one in ipairs(between) do
    if tonumber(redis.call('ZSCORE', odo, one)) > metres then
        break
    end
    if i > fuel_between then
        return { 'OK' }
    end
    if one ~= id then
        filled = filled + fuel_number(cjson.decode(redis.call('HGET', records, one) or '{}').volume)
    end
end
local way = metres - redis.call('ZSCORE', odo, before)
if way <= 0 then
    return { 'OK' }
end
return { 'OK', string.format('%.0f', way), string.format('%.0f', filled) }
