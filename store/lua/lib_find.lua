-- SPDX-License-Identifier: BSD-2-Clause
-- The words of a user's sessions, for searching them. Behind lib_keys.lua. Every word stands with the
-- session's last activity (ms), so that any of them leads to the newest sessions first.
-- FIND: hash: version; count (words of all sessions together); full (that was the user's share, once:
--     no older sessions are taken in); old, new: all sessions whose last
--     activity is between these are in, as they were then ('-inf' = all older ones, too)
-- FIND:due: set of sessions that have changed without an activity
-- FIND:sessions: sorted set session -> last activity as it is in
-- FIND:s:SID: hash word -> number of the last message with it (0 = the title alone); '#n' how many
--     messages are in, '#last' SHA1 of the last of these
-- FIND:counts: hash session -> how many words it has in; FIND:s:SID may be gone before the session is
--     taken out
-- FIND:w:WORD: sorted set session -> last activity
-- FIND:words: sorted set of all words
local FIND_VERSION = '2'

local function find_is_word(field)
    return string.sub(field, 1, 1) ~= '#'
end

local function find_drop(word, sid)
    local key = find_word_key(word)
    redis.call('ZREM', key, sid)
    if redis.call('EXISTS', key) == 0 then
        redis.call('ZREM', find_words_key(), word)
    end
end

-- Takes a session out.
local function find_forget(sid)
    local list, n = find_session_key(sid), 0
    local counted = redis.call('HGET', find_counts_key(), sid)
    for _, word in ipairs(redis.call('HKEYS', list)) do
        if find_is_word(word) then
            find_drop(word, sid)
            n = n + 1
        end
    end
    redis.call('UNLINK', list)
    redis.call('ZREM', find_sessions_key(), sid)
    redis.call('SREM', find_due_key(), sid)
    redis.call('HDEL', find_counts_key(), sid)
    n = tonumber(counted or n)
    if n > 0 and redis.call('EXISTS', find_key()) == 1 then
        redis.call('HINCRBY', find_key(), 'count', -n)
    end
end

-- It has another title, or is back. Nobody searches: nothing to do.
local function find_later(sid)
    if redis.call('EXISTS', find_key()) == 1 then
        redis.call('SADD', find_due_key(), sid)
    end
end
