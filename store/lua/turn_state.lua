-- SPDX-License-Identifier: BSD-2-Clause
--include lib_places.lua
-- {state, milliseconds of lease left}; 'gone' when there is no such turn. A pending one that waits for a
-- place is 'held' while its user has none left, else 'waiting'. A pending one in whose execution a
-- worker died is 'suspect'.
local turn, user_max = ARGV[1], tonumber(ARGV[2])
local f = redis.call('HMGET', turn_key(turn), 'state', 'lease', 'epoch', 'suspect')
if not f[1] then
    return {'gone', 0}
end
local now = now_ms()
if f[1] == 'pending' and not f[3] then
    if user_is_full(now, turn, user_max) then
        f[1] = 'held'
    elseif redis.call('ZSCORE', P .. 'places', turn) then
        f[1] = 'waiting'
    end
end
if f[1] == 'pending' and f[4] then
    f[1] = 'suspect'
end
local left = f[1] == 'running' and tonumber(f[2] or 0) - now or 0
return {f[1], int(left)}
