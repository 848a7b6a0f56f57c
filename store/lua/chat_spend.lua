-- SPDX-License-Identifier: BSD-2-Clause
--include lib_usage.lua
-- What a turn in the chat of another one's trip has used, in the slot of who asked for it. ARGV: turn, what
-- was spent, API key or '', limits of the user, of the key, how long it is known. {} or as usage_over.
local t, now = P .. 'effect:chat:' .. ARGV[1], now_ms()
local account = usage.account(ARGV[3], ARGV[4], ARGV[5])
usage.add(t, ARGV[2], account, now)
redis.call('PEXPIRE', t, ARGV[6])
return usage.over(account, now) or {}
