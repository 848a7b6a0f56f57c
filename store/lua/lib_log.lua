--include lib_keys.lua
-- A session's log: the twin of store/logentry.h, which tells the form of an entry. No other script
-- writes or parses one.
local ENTRY_FIELD, ENTRY_NONE, ENTRY_START, ENTRY_FINAL, ENTRY_TEXT = 'e', '-', 'S', 'F', 'T'

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

local function entry_value(run, flag, json)
    return run .. ' ' .. flag .. ' ' .. json
end

-- Run, flag and JSON of a value; nil when it is none.
local function entry_parts(value)
    return string.match(value, '^(%S+) (%S) (.*)$')
end

local function publish_entry(session, id, prev, value)
    redis.call('PUBLISH', session, id .. ' ' .. prev .. ' ' .. value)
end

-- Appends one entry and publishes it; prev is the id before it. Returns its id.
local function emit(sid, epoch, n, prev, value)
    local s = session_key(sid)
    local id = epoch .. '-' .. int(n)
    redis.call('XADD', log_of(s), id, ENTRY_FIELD, value)
    publish_entry(s, id, prev, value)
    return id
end
