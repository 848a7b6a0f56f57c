-- SPDX-License-Identifier: BSD-2-Clause
-- A trip that is handed over arrives at its new owner's slot, once: the record, its members with the old
-- owner as an editor, and the words to all of them.
-- ARGV: old owner, trip, JSON, time, title, event, most shares, then uid and `ROLE SINCE` of each member.
-- Answer: {"OK"} (also when it had arrived before), {"FULL"}
--include lib_trips.lua
local FROM, TRIP, JSON, TIME, TITLE, EVENT = unpack(ARGV, 1, 6)
if redis.call('HGET', share_key(TRIP), 'from') == FROM then
    return { 'OK' }
elseif redis.call('SCARD', P .. 'shares') >= tonumber(ARGV[7]) then
    return { 'FULL' }
end
trip_write(TRIP, JSON, TIME)
redis.call('SADD', P .. 'shares', TRIP)
redis.call('HSET', share_key(TRIP), 'from', FROM, 'm ' .. FROM, 'editor ' .. int(now_ms()))
local links = { [FROM] = 'editor', [user_id()] = 'none' }
for i = 8, #ARGV - 1, 2 do
    if ARGV[i] ~= user_id() then
        redis.call('HSET', share_key(TRIP), 'm ' .. ARGV[i], ARGV[i + 1])
        links[ARGV[i]] = string.match(ARGV[i + 1], '^%S+')
    end
end
tell_all(TRIP, FROM, 'inbox', TITLE, EVENT, links)
return { 'OK' }
