-- The user has seen an entry; a snooze of it ends. KEYS: "tp:{UID}:". ARGV: entry, entries kept, life.
-- Answer: {"OK"}, {"MISSING"}
--include lib_inbox.lua
local p, id = KEYS[1], ARGV[1]
if not inbox_entry(p, id) then
    return { 'MISSING' }
end
if redis.call('HGET', p .. 'inbox:state', id) == 'acknowledged' then
    return { 'OK' }
end
redis.call('HDEL', p .. 'inbox:snoozed', id)
inbox_set_state(p, id, 'acknowledged', tonumber(ARGV[2]), tonumber(ARGV[3]))
inbox_tell(p, '{"type":"inbox_updated","id":"' .. id .. '","state":"acknowledged"}')
return { 'OK' }
