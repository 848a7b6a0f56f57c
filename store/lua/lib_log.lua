-- SPDX-License-Identifier: BSD-2-Clause
--include lib_keys.lua
-- A session's log: the twin of store/logentry.h, which tells the form of an entry. No other script
-- writes or parses one.
local ENTRY_FIELD, ENTRY_NONE, ENTRY_START, ENTRY_FINAL, ENTRY_TEXT = 'e', '-', 'S', 'F', 'T'

-- The id given last in a log, also when its entry has been trimmed ('0-0' without a log); that of its first
-- entry ('' = none); whether entries were trimmed (1 or 0).
local function bounds_of(log)
    local info = redis.pcall('XINFO', 'STREAM', log)
    if info.err then -- no such key
        return '0-0', '', 0
    end
    local top, oldest, length, added = '0-0', '', 0, nil
    for i = 1, #info, 2 do
        local name, value = info[i], info[i + 1]
        if name == 'last-generated-id' then top = value end
        if name == 'first-entry' and value then oldest = value[1] end
        if name == 'length' then length = value end
        if name == 'entries-added' then added = value end
    end
    return top, oldest, (added == nil or added > length) and 1 or 0
end

local function top_of(log)
    return (bounds_of(log))
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
    redis.call(PUBLISH, session, id .. ' ' .. prev .. ' ' .. value)
end

-- Appends one entry and publishes it; prev is the id before it. Returns its id.
local function emit(sid, epoch, n, prev, value)
    local s = session_key(sid)
    local id = epoch .. '-' .. int(n)
    redis.call('XADD', log_of(s), id, ENTRY_FIELD, value)
    publish_entry(s, id, prev, value)
    return id
end
