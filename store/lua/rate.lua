-- SPDX-License-Identifier: BSD-2-Clause
-- A fixed window: {count, milliseconds until it ends}.
local n = redis.call('INCR', KEYS[1])
local left = redis.call('PTTL', KEYS[1])
if left < 0 then
    redis.call('PEXPIRE', KEYS[1], ARGV[1])
    left = tonumber(ARGV[1])
end
return {n, left}
