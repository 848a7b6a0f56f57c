-- SPDX-License-Identifier: BSD-2-Clause
-- Keys and channels: the twin of store/keys.c (docs/design/keys.md); no other script spells them.
-- For scripts whose first key is a user's prefix "tp:{uid}:", the shared one, or any key behind one
-- of these. P is the prefix, else nil. Large integers go through int(): Lua's own tostring would
-- write 1.7e+12.
local P = string.match(KEYS[1], '^tp:{.-}:')
local WAKE = 'tp:wake' -- a channel
-- In a cluster the last key is the guard "{...}" (wire/redis/slots.h), and a channel of a slot is
-- published where the slot is; WAKE is published everywhere.
local PUBLISH = string.byte(KEYS[#KEYS]) == 123 and 'SPUBLISH' or 'PUBLISH'

local function user_id()
    return string.sub(P, 5, -3)
end

local function user_channel()
    return string.sub(P, 1, -2)
end

local function session_key(sid) -- also the channel of its log's entries
    return P .. 's:' .. sid
end

local function log_of(session)
    return session .. ':log'
end

local function messages_of(session)
    return session .. ':msgs'
end

local function queue_of(session)
    return session .. ':queue'
end

local function control_of(session) -- a channel
    return session .. ':ctl'
end

local function floor_of(session)
    return session .. ':floor'
end

local function branches_key(sid)
    return P .. 'branches:' .. sid
end

-- Names of the lists below: lib_branches.lua.
local function branch_lists_key(sid)
    return P .. 'branch-lists:' .. sid
end

-- The messages of a long branch.
local function branch_key(turn)
    return P .. 'branch:' .. turn
end

-- Where a session's messages stand: lib_ids.lua. Not behind the session's own key: `SID:ids` may be the
-- id of another session.
local function ids_of(sid)
    return P .. 'ids:' .. sid
end

local function summaries_key(sid)
    return P .. 'summaries:' .. sid
end

local function turn_key(turn)
    return P .. 'turn:' .. turn
end

local function steps_of(turn)
    return turn .. ':steps'
end

local function seen_key(cmid)
    return P .. 'seen:' .. cmid
end

local function stop_key(cmid)
    return P .. 'stop:' .. cmid
end

-- The session in which a call of a stateless client's tool waits for its result.
local function call_key(id)
    return P .. 'call:' .. id
end

-- A session that a request made which named none: in no list of sessions.
local function is_once(sid)
    return string.sub(sid, 1, 5) == 'once:'
end
local function is_unlisted(sid)
    return is_once(sid) or string.sub(sid, 1, 5) == 'resp:'
end

local function approval_key(id)
    return P .. 'approval:' .. id
end

local function approvals_key(sid)
    return P .. 'approvals:' .. sid
end

local function attachment_key(id)
    return P .. 'attachment:' .. id
end

local function attachments_key()
    return P .. 'attachments'
end

-- Subscriptions to calendars: their ids by age, one of them, the parts of its events.
local function feeds_key()
    return P .. 'feeds'
end

local function feed_key(id)
    return P .. 'feed:' .. id
end

local function feed_parts_key(id, generation)
    return P .. 'feed-parts:' .. id .. ':' .. generation
end

-- What is used in a window ('2026-11-30', '2026-11'), what limits are set, what a minute has seen:
-- lib_usage.lua.
local function usage_key(window)
    return P .. 'usage:' .. window
end

-- The number of the last call of a process; what a minute of the site has seen.
local function usage_seen_key(process)
    return usage_key('seen:' .. process)
end

local function usage_minute_key(minute)
    return usage_key('minute:' .. minute)
end

local function stored_key()
    return P .. 'stored'
end

local function limits_key()
    return P .. 'limits'
end

local function rate_key(name)
    return P .. 'rate:' .. name
end

-- Sessions that are pinned, by when.
local function pinned_key()
    return P .. 'pinned'
end

-- What a deleted session leaves until it is gone for good: as a session's own keys.
local function gone_key(sid)
    return P .. 'gone:' .. sid
end

local function gone_part(sid, name)
    return P .. 'gone-' .. name .. ':' .. sid
end

-- The index of words: lib_find.lua tells what stands in these.
local function find_key()
    return P .. 'find'
end

local function find_due_key()
    return P .. 'find:due'
end

local function find_sessions_key()
    return P .. 'find:sessions'
end

local function find_session_key(sid)
    return P .. 'find:s:' .. sid
end

local function find_counts_key()
    return P .. 'find:counts'
end

local function find_words_key()
    return P .. 'find:words'
end

local function find_word_key(word)
    return P .. 'find:w:' .. word
end

local function int(x)
    return string.format('%.0f', x)
end

local function now_ms()
    local t = redis.call('TIME')
    return t[1] * 1000 + math.floor(t[2] / 1000)
end
