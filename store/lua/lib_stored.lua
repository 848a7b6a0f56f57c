-- SPDX-License-Identifier: BSD-2-Clause
-- About how many bytes a user has in Redis. Behind lib_keys.lua. Measured anew at most every ten
-- minutes, or ten seconds while it is too much; by a bounded number of keys, so that a user with a
-- hundred thousand sessions costs no more than one with twenty.
local stored_bytes
do

local STORED_KEEP, STORED_FULL_KEEP = 600000, 10000
local STORED_SESSIONS, STORED_FAMILIES = 20, 40

local function stored_of(key)
    return redis.call('MEMORY', 'USAGE', key, 'SAMPLES', 5) or 0
end

local function stored_sessions()
    local count, bytes, seen = redis.call('ZCARD', P .. 'sessions'), 0, 0
    local step = math.max(1, math.floor(count / STORED_SESSIONS))
    for rank = 0, count - 1, step do
        local sid = redis.call('ZRANGE', P .. 'sessions', rank, rank)[1]
        bytes = bytes + stored_of(messages_of(session_key(sid))) + stored_of(log_of(session_key(sid))) +
            stored_of(ids_of(sid)) + stored_of(branches_key(sid))
        for _, turn in ipairs(redis.call('LRANGE', branch_lists_key(sid), 0, -1)) do
            bytes = bytes + (turn ~= '-' and stored_of(branch_key(turn)) or 0)
        end
        seen = seen + 1
    end
    return seen > 0 and bytes * count / seen or 0
end

local function stored_records()
    local bytes = 0
    for i, family in ipairs(redis.call('SMEMBERS', P .. 'families')) do
        if i > STORED_FAMILIES then
            break
        end
        bytes = bytes + stored_of(P .. 'r:' .. family)
    end
    return bytes
end

local function stored_files()
    local bytes = 0
    for _, about in ipairs(redis.call('HVALS', attachments_key())) do
        bytes = bytes + tonumber(string.match(about, '^%d+ %d+ (%d+) ') or 0)
    end
    return bytes
end

-- limit: above it the next look comes sooner, as the user may delete something.
function stored_bytes(limit)
    local known = redis.call('GET', stored_key())
    if known then
        return tonumber(known)
    end
    local bytes = math.floor(stored_sessions() + stored_records() + stored_files())
    redis.call('SET', stored_key(), int(bytes), 'PX',
        bytes >= limit and STORED_FULL_KEEP or STORED_KEEP)
    return bytes
end

end
