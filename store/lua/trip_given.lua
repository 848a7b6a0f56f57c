-- SPDX-License-Identifier: BSD-2-Clause
-- The end of handing a trip over, in the old owner's slot. ARGV: trip, new owner, "1" it has arrived there or
-- "0" it was not taken, title, event for the owner then.
--include lib_trips.lua
local TRIP = ARGV[1]
if redis.call('HGET', share_key(TRIP), 'to') ~= ARGV[2] then
    return 0
end
if ARGV[3] == '0' then
    tell(user_id(), TRIP, '-', 'inbox', ARGV[4], ARGV[5])
    return redis.call('HDEL', share_key(TRIP), 'to')
end
trip_write(TRIP, false, '0')
redis.call('DEL', share_key(TRIP), live_key(TRIP))
redis.call('SREM', P .. 'shares', TRIP)
return 1
