-- SPDX-License-Identifier: BSD-2-Clause
-- Fuel of a period. KEYS: records hash, time index. ARGV: vehicle ("" with all = 1), all (1 or 0),
-- from, to in ms, spans (days, months or "all").
-- Answer: {"OK", distance in metres, best, worst ("" = nothing measured), field, value, ...} or
-- {"INCOMPLETE"}
--include lib_index.lua
if not index_ready('fuel', KEYS[1], KEYS[2]) then
    return { 'INCOMPLETE' }
end
local records, scope = KEYS[1], ARGV[2] == '1' and '*' or 'v:' .. ARGV[1]
local sums, best, worst = {}, nil, nil
for i = 5, #ARGV do
    local bucket = scope .. ' ' .. ARGV[i]
    local fields = redis.call('HGETALL', records .. ':sum:' .. bucket)
    for k = 1, #fields, 2 do
        sums[fields[k]] = (sums[fields[k]] or 0) + fields[k + 1]
    end
    if #fields > 0 then
        local low = redis.call('ZRANGE', records .. ':use:' .. bucket, 0, 0, 'WITHSCORES')[2]
        local high = redis.call('ZRANGE', records .. ':use:' .. bucket, -1, -1, 'WITHSCORES')[2]
        if low then
            best = math.min(best or math.huge, low)
            worst = math.max(worst or 0, high)
        end
    end
end
-- The first and the last reading of each vehicle; entries of one day may have one time.
local function reading(vehicle, command, from, to, pick)
    local tag = records .. ':by:v:' .. vehicle
    local found = redis.call(command, tag, from, to, 'WITHSCORES', 'LIMIT', 0, 1)
    if #found == 0 then
        return 0
    end
    local value
    for _, id in ipairs(redis.call('ZRANGEBYSCORE', tag, found[2], found[2], 'LIMIT', 0, 50)) do
        local odo = tonumber(redis.call('ZSCORE', records .. ':odo:' .. vehicle, id))
        value = value and pick(value, odo) or odo
    end
    return value
end
local distance = 0
local vehicles = ARGV[2] == '1' and redis.call('ZRANGE', records .. ':vehicles', 0, 63) or { ARGV[1] }
for _, vehicle in ipairs(vehicles) do
    distance = distance + reading(vehicle, 'ZREVRANGEBYSCORE', ARGV[4], ARGV[3], math.max)
        - reading(vehicle, 'ZRANGEBYSCORE', ARGV[3], ARGV[4], math.min)
end
local answer = { 'OK', string.format('%.0f', distance), best and string.format('%.6f', best) or '',
    worst and string.format('%.6f', worst) or '' }
for field, value in pairs(sums) do
    answer[#answer + 1] = field
    answer[#answer + 1] = string.format('%.0f', value)
end
return answer
