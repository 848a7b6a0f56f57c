-- SPDX-License-Identifier: BSD-2-Clause
-- Takes a user out of what users are to each other: whom they follow and who follows them, the place
-- that they share, the count of their messages. KEYS: the prefix. ARGV: "", "", user, most
-- follows in one call. Answer: 1 when there are more.
--include lib_shared.lua
local user, most = ARGV[3], tonumber(ARGV[4])
for _, other in ipairs(redis.call('SPOP', P .. 'follows:' .. user, most)) do
    redis.call('SREM', P .. 'followers:' .. other, user)
end
for _, other in ipairs(redis.call('SPOP', P .. 'followers:' .. user, most)) do
    redis.call('SREM', P .. 'follows:' .. other, user)
end
redis.call('ZREM', P .. 'place:geo', user)
redis.call('ZREM', P .. 'place:expiry', user)
redis.call('HDEL', P .. 'place', user)
redis.call('SREM', P .. 'members', user)
redis.call('UNLINK', P .. 'sent:' .. user)
return redis.call('EXISTS', P .. 'follows:' .. user, P .. 'followers:' .. user) > 0 and 1 or 0
