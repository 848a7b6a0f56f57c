-- SPDX-License-Identifier: BSD-2-Clause
-- A snooze has run out: its event comes into the inbox anew, once.
-- KEYS: the user's prefix. ARGV: entry, due in ms, members in front, entries kept, life.
-- Answer: {"OK"}, {"CHANGED"} (acknowledged, snoozed anew, done already)
--include lib_inbox.lua
local id = ARGV[1]
local event = redis.call('HGET', INBOX .. ':snoozed', id)
if not event or redis.call('HGET', INBOX .. ':state', id) ~= 'snoozed ' .. ARGV[2] then
    return { 'CHANGED' }
end
redis.call('HDEL', INBOX .. ':snoozed', id)
inbox_set_state(id, 'acknowledged', tonumber(ARGV[4]), tonumber(ARGV[5]))
inbox_put(event, '"snoozed_from":"' .. id .. '",' .. ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5]))
return { 'OK' }
