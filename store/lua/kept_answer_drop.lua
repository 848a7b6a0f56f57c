-- SPDX-License-Identifier: BSD-2-Clause
-- Drops the answer of this name (ARGV[1]) from its place, KEYS[1]; another one that is there stays.
if redis.call('HGET', KEYS[1], 'd') == ARGV[1] then
    return redis.call('DEL', KEYS[1])
end
return 0
