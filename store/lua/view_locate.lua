-- SPDX-License-Identifier: BSD-2-Clause
--include lib_log.lua
-- Where a viewer of a session starts.
-- KEYS: session. ARGV: most messages wanted, turn or '', the viewer's cursor.
-- Returns: running turn, the log's end before it, log's last id, log's first id, whether entries were
-- trimmed (1 or 0), whether the session exists (1 or 0), the turn's state, its HTTP status,
-- whether the log has an entry of this cursor (1 or 0), then the messages.
local log = log_of(KEYS[1])
local run = redis.call('HGET', KEYS[1], 'run') or ''
local first = ''
if run ~= '' then
    first = redis.call('HGET', turn_key(run), 'first') or ''
end
local top, oldest, trimmed = bounds_of(log)
local state, status = '', ''
if ARGV[2] ~= '' then
    state = redis.call('HGET', turn_key(ARGV[2]), 'state') or ''
    status = redis.call('HGET', turn_key(ARGV[2]), 'status') or ''
end
local known = #redis.call('XRANGE', log, ARGV[3], ARGV[3], 'COUNT', 1)
local reply = {run, first, top, oldest, trimmed, redis.call('EXISTS', KEYS[1]), state, status, known}
local most = tonumber(ARGV[1])
if most > 0 then
    for _, message in ipairs(redis.call('LRANGE', messages_of(KEYS[1]), -most, -1)) do
        reply[#reply + 1] = message
    end
end
return reply
