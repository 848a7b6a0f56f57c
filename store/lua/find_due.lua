-- SPDX-License-Identifier: BSD-2-Clause
--include lib_keys.lua
--include lib_summary.lua
--include lib_find.lua
-- Sessions whose words are to be taken in. ARGV: how many, keep.sessions, most words of the user.
-- {whether all are in, {sid, last activity, title, messages ever, messages gone, messages in or -1 = from the
-- beginning, side}...}
local most, keep, limit = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local find, sessions, now = find_key(), P .. 'sessions', now_ms()
local state = redis.call('HMGET', find, 'version', 'old', 'new', 'full')
if state[1] and state[1] ~= FIND_VERSION then
    for _, sid in ipairs(redis.call('ZRANGE', find_sessions_key(), 0, 0)) do
        find_forget(sid)
    end
    if redis.call('EXISTS', find_sessions_key()) == 1 then
        return {0, 'MORE'}
    end
    state[1] = false
end
if not state[1] then
    redis.call('UNLINK', find, find_due_key(), find_sessions_key(), find_counts_key(), find_words_key())
    state = {FIND_VERSION, int(now), int(now)}
    redis.call('HSET', find, 'version', FIND_VERSION, 'old', state[2], 'new', state[3], 'count', 0)
end
for _, key in ipairs({find, find_due_key(), find_sessions_key(), find_counts_key(), find_words_key()}) do
    redis.call('PEXPIRE', key, keep)
end
local gone = redis.call('ZRANGEBYSCORE', find_sessions_key(), '-inf', int(now - keep), 'LIMIT', 0, 1)
for _, sid in ipairs(gone) do
    find_forget(sid)
end
-- The user's share is used up: the oldest session leaves, one in a call.
local count = tonumber(redis.call('HGET', find, 'count') or 0)
local oldest = count > limit and redis.call('ZRANGE', find_sessions_key(), 0, 0, 'WITHSCORES') or {}
if oldest[1] then
    find_forget(oldest[1])
    redis.call('HSET', find, 'full', 1)
    if state[2] == '-inf' or tonumber(state[2]) < tonumber(oldest[2]) then
        redis.call('HSET', find, 'old', oldest[2])
    end
    return {0, 'MORE'}
end

local out, there = {0}, {}
local function offer(sid, score, side)
    local s = session_key(sid)
    local f = redis.call('HMGET', s, 'created', 'title')
    if not f[1] then
        redis.call('ZREM', sessions, sid)
        find_forget(sid)
        return
    end
    if there[sid] then
        return
    end
    there[sid] = true
    local total, lost = messages_ever(s)
    local h = redis.call('HMGET', find_session_key(sid), '#n', '#last')
    local from = tonumber(h[1] or -1)
    if from > total or (from > lost and
        redis.sha1hex(redis.call('LINDEX', messages_of(s), int(from - lost - 1)) or '') ~= h[2]) then
        from = -1
    end
    out[#out + 1] = {sid, score, f[2] or '', int(total), int(lost), int(from), side}
end
local function is_full()
    return #out - 1 >= most
end
-- Walks over sessions in order; what is in as it is now is passed by.
local function walk(command, first, last, side)
    local offset = 0
    repeat
        local page = redis.call(command, sessions, first, last, 'WITHSCORES', 'LIMIT', offset, most + 5)
        for i = 1, #page, 2 do
            if is_full() then
                return
            end
            if tonumber(redis.call('ZSCORE', find_sessions_key(), page[i]) or -1) ~= tonumber(page[i + 1]) then
                offer(page[i], page[i + 1], side)
            end
        end
        offset = offset + #page / 2
    until #page < 2 * (most + 5) or offset > 200
end
for _, sid in ipairs(redis.call('SRANDMEMBER', find_due_key(), most)) do
    local score = redis.call('ZSCORE', sessions, sid)
    if score then
        offer(sid, score, 'due')
    else
        find_forget(sid)
    end
end
walk('ZRANGEBYSCORE', state[3], '+inf', 'new')
local room = not state[4]
if not room and count < limit / 2 then
    redis.call('HDEL', find, 'full')
    room = true
end
if state[2] ~= '-inf' and room then
    local before = #out
    walk('ZREVRANGEBYSCORE', state[2], '-inf', 'old')
    if #out == before and not is_full() then
        redis.call('HSET', find, 'old', '-inf')
        state[2] = '-inf'
    end
end
out[1] = #out == 1 and state[2] == '-inf' and 1 or 0
return out
