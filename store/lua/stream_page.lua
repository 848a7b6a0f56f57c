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
end
local next, closed, more = where, 0, 0
local reply = {}

local function answer(what)
    local head = {what, next, top, oldest, trimmed, closed, more}
    for i = 1, #reply do
        head[#head + 1] = reply[i]
    end
    return head
end

if not exists then
    next = '0-0'
    return answer('none')
end
if where == 'start' then
    next = first
elseif where == 'now' then
    next = over and last or (before(first, top) and top or first)
elseif before(where, first) then
    next = first
end

-- Whether the log that there is cannot go on behind `next`, which names an entry.
local function is_gone()
    if over and last and before(next, last) and (oldest == '' or before(last, oldest)) then
        return true
    end
    if where == 'start' or where == 'now' or next == first or (over and not (last and before(next, last))) then
        return false
    end
    if oldest == '' then
        return true
    end
    if before(next, oldest) then
        local epoch, n = split_id(next)
        local old_epoch, old_n = split_id(oldest)
        return not (epoch == old_epoch and n + 1 == old_n)
    end
    if before(top, next) then -- a failover has lost it; the worker of a running turn puts it back
        return not redis.call('HGET', session, 'run') or split_id(next) ~= split_id(top)
    end
    return before(next, top) and #redis.call('XRANGE', log, next, next) == 0
end
if is_gone() then
    return answer('gone')
end

local size = 0
local page = {}
if most > 0 and not (over and not (last and before(next, last))) then
    page = redis.call('XRANGE', log, '(' .. next, over and last or '+', 'COUNT', most)
end
for i = 1, #page do
    local value = page[i][2][2]
    next = page[i][1]
    if turn == '' or entry_parts(value) == turn then
        reply[#reply + 1] = next
        reply[#reply + 1] = value
        size = size + #value
    end
    if size >= most_bytes and i < #page then
        more = 1
        break
    end
end
if #page == most and before(next, over and last or top) then
    more = 1
end
if over and not (last and before(next, last)) then
    closed = 1
end
return answer('ok')
