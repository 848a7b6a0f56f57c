-- SPDX-License-Identifier: BSD-2-Clause
-- Adds what one machine has counted since its last call to the sums of an hour (KEYS[2]) and of a
-- day (KEYS[3]). KEYS[1] is what this run of its service had said by then, so that a repeated call,
-- another housekeeper or a lost reply adds nothing twice. ARGV[1] life of KEYS[1]; ARGV[2], [3]
-- when the hour and the day go (ms); then pairs of a row's name and its values so far,
-- `NAME:INTEGER` with blanks between.
local base, hour, day = KEYS[1], KEYS[2], KEYS[3]

local function parse(text)
    local values = {}
    for name, value in string.gmatch(text or '', '(%w+):(%d+)') do
        values[name] = tonumber(value)
    end
    return values
end

local function add(key, row, more)
    local sums = parse(redis.call('HGET', key, row))
    for name, value in pairs(more) do
        sums[name] = (sums[name] or 0) + value
    end
    local parts = {}
    for name, value in pairs(sums) do
        parts[#parts + 1] = name .. ':' .. string.format('%.0f', value)
    end
    table.sort(parts)
    redis.call('HSET', key, row, table.concat(parts, ' '))
end

local added = 0
for i = 4, #ARGV, 2 do
    local row, now = ARGV[i], parse(ARGV[i + 1])
    local before = parse(redis.call('HGET', base, row))
    local more, any = {}, false
    for name, value in pairs(now) do
        local grown = value - (before[name] or 0)
        if grown > 0 then
            more[name] = grown
            any = true
        end
    end
    if any then
        add(hour, row, more)
        add(day, row, more)
        redis.call('HSET', base, row, ARGV[i + 1])
        added = added + 1
    end
end
redis.call('PEXPIRE', base, ARGV[1])
redis.call('PEXPIREAT', hour, ARGV[2])
redis.call('PEXPIREAT', day, ARGV[3])
return added
