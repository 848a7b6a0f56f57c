-- SPDX-License-Identifier: BSD-2-Clause
-- An entry comes again at a time; a later snooze of it replaces an earlier one.
-- KEYS: the user's prefix. ARGV: entry, due in ms, snoozed at once, entries kept, life.
-- Answer: {"OK"}, {"MISSING"}, {"FULL"}
--include lib_inbox.lua
local id, due = ARGV[1], ARGV[2]
local entry = inbox_entry(id)
if not entry then
    return { 'MISSING' }
end
local snoozed = INBOX .. ':snoozed'
if redis.call('HEXISTS', snoozed, id) == 0 and redis.call('HLEN', snoozed) >= tonumber(ARGV[3]) then
    return { 'FULL' }
end
if redis.call('HGET', INBOX .. ':state', id) == 'snoozed ' .. due then
    return { 'OK' }
end
redis.call('HSET', snoozed, id, entry.event)
redis.call('PEXPIRE', snoozed, ARGV[5])
inbox_set_state(id, 'snoozed ' .. due, tonumber(ARGV[4]), tonumber(ARGV[5]))
inbox_tell('{"type":"inbox_updated","id":"' .. id .. '","state":"snoozed","snoozed_until_ms":' .. due
    .. '}')
return { 'OK' }
