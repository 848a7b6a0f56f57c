-- SPDX-License-Identifier: BSD-2-Clause
-- A trip that is handed over arrives at its new owner's slot, once: the record, its members with the old
-- owner as an editor, and the words to all of them.
-- ARGV: old owner, trip, JSON, time, title, event, most shares, number of the old owner's word, then uid and `ROLE SINCE` of each member.
-- Answer: {"OK"} (also when it had arrived before), {"FULL"}
--include lib_trips.lua
local FROM, TRIP, JSON, TIME, TITLE, EVENT = unpack(ARGV, 1, 6)
if redis.call('HGET', share_key(TRIP), 'from') == FROM then
    return { 'OK' }
elseif redis.call('SCARD', P .. 'shares') >= tonumber(ARGV[7]) then
    return { 'FULL' }
end
-- Members take the word with the highest number: the new owner's come after all of the old one's.
local last = tonumber(ARGV[8])
if last and last > tonumber(redis.call('GET', P .. 'trip-seq') or 0) then
    redis.call('SET', P .. 'trip-seq', int(last))
end
trip_write(TRIP, JSON, TIME)
redis.call('SADD', P .. 'shares', TRIP)
redis.call('HSET', share_key(TRIP), 'from', FROM, 'm ' .. FROM, 'editor ' .. int(now_ms()))
local links = { [FROM] = 'editor', [user_id()] = 'none' }
for i = 9, #ARGV - 1, 2 do
    if ARGV[i] ~= user_id() then
        redis.call('HSET', share_key(TRIP), 'm ' .. ARGV[i], ARGV[i + 1])
        links[ARGV[i]] = string.match(ARGV[i + 1], '^%S+')
    end
end
tell_all(TRIP, FROM, 'inbox', TITLE, EVENT, links)
return { 'OK' }
