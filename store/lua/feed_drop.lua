-- SPDX-License-Identifier: BSD-2-Clause
--include lib_keys.lua
-- Ends a subscription; its events go with it. KEYS: the user's prefix. ARGV: id. 1, or 0: there is none.
local gen = redis.call('HGET', feed_key(ARGV[1]), 'gen')
if redis.call('ZREM', feeds_key(), ARGV[1]) == 0 then
    return 0
end
if gen and gen ~= '' then
    redis.call('UNLINK', feed_parts_key(ARGV[1], gen))
end
redis.call('DEL', feed_key(ARGV[1]))
return 1
