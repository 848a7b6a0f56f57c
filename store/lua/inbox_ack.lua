-- SPDX-License-Identifier: BSD-2-Clause
-- The user has seen an entry; a snooze of it ends. KEYS: the user's prefix. ARGV: entry, entries kept, life.
-- Answer: {"OK"}, {"MISSING"}
--include lib_inbox.lua
local id = ARGV[1]
if not inbox_entry(id) then
    return { 'MISSING' }
end
if redis.call('HGET', INBOX .. ':state', id) == 'acknowledged' then
    return { 'OK' }
end
redis.call('HDEL', INBOX .. ':snoozed', id)
inbox_set_state(id, 'acknowledged', tonumber(ARGV[2]), tonumber(ARGV[3]))
inbox_tell('{"type":"inbox_updated","id":"' .. id .. '","state":"acknowledged"}')
return { 'OK' }
