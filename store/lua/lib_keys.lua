-- For every script whose KEYS[1] is "tp:{uid}:". Large integers go through int(): Lua's own
-- tostring would write 1.7e+12.
local P = KEYS[1]

local function int(x)
    return string.format('%.0f', x)
end

local function now_ms()
    local t = redis.call('TIME')
    return t[1] * 1000 + math.floor(t[2] / 1000)
end

-- The id given last in a log, also when its entry has been trimmed; '0-0' without a log.
local function top_of(log)
    local info = redis.pcall('XINFO', 'STREAM', log)
    if info.err then -- no such key
        return '0-0'
    end
    for i = 1, #info, 2 do
        if info[i] == 'last-generated-id' then
            return info[i + 1]
        end
    end
    return '0-0'
end

-- EPOCH and N of an entry id, as numbers.
local function split_id(id)
    local epoch, n = string.match(id, '^(%d+)-(%d+)$')
    return tonumber(epoch), tonumber(n)
end
