-- SPDX-License-Identifier: BSD-2-Clause
-- Summaries of how a conversation begins: the list SUMMARIES, the latest last. Behind lib_keys.lua.
-- An entry, {"messages":N,"last":SHA1,...}, covers the first N messages that the session ever had;
-- SHA1 is that of the last one of these as it is stored. It tells what the entries before it tell, too.
local SUMMARIES_MAX = 8 -- of a session

-- How many messages the session ever had, and how many of them are not stored any more.
local function messages_ever(s)
    local length = redis.call('LLEN', messages_of(s))
    local total = math.max(tonumber(redis.call('HGET', s, 'count') or 0), length)
    return total, total - length
end

-- The latest entry that tells the conversation as it is, and how many messages stand behind what it
-- covers. The user may have gone back to a message in front of its end, also on a machine of an older
-- version, which knows of no summaries: such entries are dropped.
local function summary_of(sid)
    local list, s = summaries_key(sid), session_key(sid)
    local entry = redis.call('LINDEX', list, -1)
    local total, gone
    if entry then
        total, gone = messages_ever(s)
    end
    while entry do
        local covers, last = string.match(entry, '^{"messages":(%d+),"last":"(%x+)"')
        local n = tonumber(covers or 0)
        if n > 0 and n < total and (n <= gone or
            redis.sha1hex(redis.call('LINDEX', messages_of(s), int(n - gone - 1))) == last) then
            return entry, total - n
        end
        redis.call('RPOP', list)
        entry = redis.call('LINDEX', list, -1)
    end
    return '', 0
end

-- Keeps one that covers all but the last `behind` messages. members: the rest of its object.
local function keep_summary(sid, behind, members, keep)
    local list, s = summaries_key(sid), session_key(sid)
    local total, gone = messages_ever(s)
    local n = total - behind
    local last = n > gone and redis.call('LINDEX', messages_of(s), int(n - gone - 1))
    if not last then
        return
    end
    redis.call('RPUSH', list, '{"messages":' .. int(n) .. ',"last":"' .. redis.sha1hex(last) .. '",' ..
        members .. '}')
    redis.call('LTRIM', list, -SUMMARIES_MAX, -1)
    redis.call('PEXPIRE', list, keep)
end
