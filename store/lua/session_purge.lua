-- SPDX-License-Identifier: BSD-2-Clause
--include lib_turn.lua
--include lib_chat.lua
--include lib_gone.lua
-- What the deleted session ARGV[10] has left goes, if its time is over: 0; else in how many ms it is.
local g, now = gone_key(ARGV[10]), now_ms()
local until_ms = tonumber(redis.call('HGET', g, 'until') or 0)
if until_ms > now then
    return int(until_ms - now)
end
gone_purge(ARGV[10])
return '0'
