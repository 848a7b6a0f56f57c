-- SPDX-License-Identifier: BSD-2-Clause
-- An entry of KEYS[1] whose time is over: field ARGV[1] goes if it still holds ARGV[2]. A newer one
-- stays. Returns whether it went.
if redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] then
    return redis.call('HDEL', KEYS[1], ARGV[1])
end
return 0
