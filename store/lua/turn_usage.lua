-- SPDX-License-Identifier: BSD-2-Clause
--include lib_usage.lua
-- What a turn that is over has used, with what was used for it behind its end. ARGV: turn, usage, the
-- sums of that, its API key, the limits of the user and of that key.
local t = turn_key(ARGV[1])
if redis.call('HEXISTS', t, 'ended') == 0 then
    return 0
end
redis.call('HSET', t, 'usage', ARGV[2])
usage.add(t, ARGV[3], usage.account(ARGV[4], ARGV[5], ARGV[6]), now_ms())
return 1
