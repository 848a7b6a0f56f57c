-- SPDX-License-Identifier: BSD-2-Clause
--include lib_fail.lua
-- Ends a turn whose worker is gone, under a new epoch. {'missing'}, {'ended'}, {'lives'},
-- {'done'} or {'pending', TURN}.
local turn, only_if_expired = ARGV[10], ARGV[11] == '1'
local event, code, reply = ARGV[12], ARGV[13], ARGV[14]
local f = redis.call('HMGET', turn_key(turn), 'state', 'session', 'lease')
if not f[1] then
    return {'missing'}
end
if ENDED[f[1]] then
    return {'ended'}
end
local now = now_ms()
if only_if_expired and (f[1] ~= 'running' or tonumber(f[3] or 0) > now) then
    return {'lives'}
end
if f[1] == 'queued' and holder(f[2]) then
    return {'lives'}
end
local follower = fail_turn(turn, f[2], now, event, code, reply)
return follower and {'pending', follower} or {'done'}
