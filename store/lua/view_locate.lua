-- Where a viewer of a session starts.
-- KEYS: session, log, messages. ARGV: prefix of turn keys, most messages wanted, turn or '',
-- the viewer's cursor.
-- Returns: running turn, the log's end before it, log's last id, log's first id, whether entries were
-- trimmed (1 or 0), whether the session exists (1 or 0), the turn's state, its HTTP status,
-- whether the log has an entry of this cursor (1 or 0), then the messages.
local run = redis.call('HGET', KEYS[1], 'run') or ''
local first = ''
if run ~= '' then
    first = redis.call('HGET', ARGV[1] .. run, 'first') or ''
end
local top, oldest, trimmed = '0-0', '', 0
if redis.call('EXISTS', KEYS[2]) == 1 then
    local info = redis.call('XINFO', 'STREAM', KEYS[2])
    local length, added
    for i = 1, #info, 2 do
        local name, value = info[i], info[i + 1]
        if name == 'last-generated-id' then top = value end
        if name == 'first-entry' and value then oldest = value[1] end
        if name == 'length' then length = value end
        if name == 'entries-added' then added = value end
    end
    if added == nil or added > length then trimmed = 1 end
end
local state, status = '', ''
if ARGV[3] ~= '' then
    state = redis.call('HGET', ARGV[1] .. ARGV[3], 'state') or ''
    status = redis.call('HGET', ARGV[1] .. ARGV[3], 'status') or ''
end
local known = #redis.call('XRANGE', KEYS[2], ARGV[4], ARGV[4], 'COUNT', 1)
local reply = {run, first, top, oldest, trimmed, redis.call('EXISTS', KEYS[1]), state, status, known}
local most = tonumber(ARGV[2])
if most > 0 then
    for _, message in ipairs(redis.call('LRANGE', KEYS[3], -most, -1)) do
        reply[#reply + 1] = message
    end
end
return reply
