-- SPDX-License-Identifier: BSD-2-Clause
--include lib_log.lua
-- A piece of a session's log for a reader that asks for it (workers/stream/stream_durable_page.h).
-- KEYS: session. ARGV: turn ('' = all of the session), where to begin ('start', 'now', or behind this entry),
-- most entries, and after how many bytes it ends.
-- Returns 'none' (no such session or turn), 'gone' (the log lacks what follows) or 'ok'; where the next piece
-- begins, the log's last id, its first id, whether entries were trimmed, whether nothing will ever follow,
-- whether more is there (each 1 or 0); then the ids and values of the entries by turns.
local session, log = KEYS[1], log_of(KEYS[1])
local turn, where, most, most_bytes = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])

local function padded(id)
    local epoch, n = string.match(id, '^(%d+)-(%d+)$')
    return string.rep('0', 20 - #epoch) .. epoch .. string.rep('0', 20 - #n) .. n
end
-- Numbers of Lua are exact to 16 digits only.
local function before(a, b)
    return padded(a) < padded(b)
end

local top, oldest, trimmed = bounds_of(log)
local exists, first, last, over = redis.call('EXISTS', session) == 1, '0-0', nil, false
if turn ~= '' then
    local f = redis.call('HMGET', turn_key(turn), 'session', 'first', 'last', 'ended')
    exists = f[1] and session_key(f[1]) == session
    first, last, over = f[2] or '0-0', f[3], f[4] and true
    if not f[2] and not over then -- it has not begun
        most = 0
    end
end
local place, closed, more = where, 0, 0
local reply = {}

local function answer(what)
    local head = {what, place, top, oldest, trimmed, closed, more}
    for i = 1, #reply do
        head[#head + 1] = reply[i]
    end
    return head
end

if not exists then
    place = '0-0'
    return answer('none')
end
if where == 'start' then
    place = first
elseif where == 'now' then
    place = over and last or (before(first, top) and top or first)
elseif before(where, first) then
    place = first
end

-- The turn has ended, and nothing of it follows `place`.
local function is_whole()
    return over and not (last and before(place, last))
end

-- The log begins right behind `place`: within a turn, or with the turn that followed it.
local function is_next_to_log()
    local epoch, n = split_id(place)
    local old_epoch, old_n = split_id(oldest)
    if epoch == old_epoch and n + 1 == old_n then
        return true
    end
    local run, flag = entry_parts(redis.call('XRANGE', log, oldest, oldest)[1][2][2])
    return flag == ENTRY_START and redis.call('HGET', turn_key(run), 'first') == place
end

-- Whether the log that there is cannot go on behind `place`, which names an entry.
local function is_gone()
    if over and last and before(place, last) and (oldest == '' or before(last, oldest)) then
        return true
    end
    if where == 'start' or where == 'now' or place == first or is_whole() then
        return false
    end
    if oldest == '' then
        return true
    end
    if before(place, oldest) then
        return not is_next_to_log()
    end
    if before(top, place) then -- a failover has lost it; the worker of a running turn puts it back
        return not redis.call('HGET', session, 'run') or split_id(place) ~= split_id(top)
    end
    return before(place, top) and #redis.call('XRANGE', log, place, place) == 0
end
if is_gone() then
    return answer('gone')
end

local size = 0
local page = {}
if most > 0 and not is_whole() then
    page = redis.call('XRANGE', log, '(' .. place, over and last or '+', 'COUNT', most)
end
for i = 1, #page do
    local value = page[i][2][2]
    place = page[i][1]
    if turn == '' or entry_parts(value) == turn then
        reply[#reply + 1] = place
        reply[#reply + 1] = value
        size = size + #value
    end
    if size >= most_bytes and i < #page then
        more = 1
        break
    end
end
if most > 0 and #page == most and before(place, over and last or top) then
    more = 1
end
if is_whole() then
    closed = 1
end
return answer('ok')
