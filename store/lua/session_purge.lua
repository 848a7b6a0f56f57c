-- SPDX-License-Identifier: BSD-2-Clause
--include lib_turn.lua
--include lib_chat.lua
--include lib_gone.lua
-- What the deleted session ARGV[10] has left goes, if its time is over: a step of it. 0, -1 when there is
-- more; else in how many ms its time is over.
local g, now = gone_key(ARGV[10]), now_ms()
local until_ms = tonumber(redis.call('HGET', g, 'until') or 0)
if until_ms > now then
    return int(until_ms - now)
end
return gone_purge(ARGV[10], false) and '-1' or '0'
