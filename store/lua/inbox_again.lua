-- A snooze has run out: its event comes into the inbox anew, once.
-- KEYS: "tp:{UID}:". ARGV: entry, due in ms, members in front, entries kept, life.
-- Answer: {"OK"}, {"CHANGED"} (acknowledged, snoozed anew, done already)
--include lib_inbox.lua
local p, id = KEYS[1], ARGV[1]
local event = redis.call('HGET', p .. 'inbox:snoozed', id)
if not event or redis.call('HGET', p .. 'inbox:state', id) ~= 'snoozed ' .. ARGV[2] then
    return { 'CHANGED' }
end
redis.call('HDEL', p .. 'inbox:snoozed', id)
inbox_set_state(p, id, 'acknowledged', tonumber(ARGV[4]), tonumber(ARGV[5]))
inbox_put(p, event, '"snoozed_from":"' .. id .. '",' .. ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5]))
return { 'OK' }
