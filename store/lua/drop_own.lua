-- SPDX-License-Identifier: BSD-2-Clause
-- Removes KEYS[1] if it still holds ARGV[1]: a claim that has ended by itself may be somebody else's by
-- now. Returns whether it went.
if redis.call('GET', KEYS[1]) == ARGV[1] then
    return redis.call('DEL', KEYS[1])
end
return 0
