-- SPDX-License-Identifier: BSD-2-Clause
-- Shares where a user is, in place of what was shared before. ARGV: mark, life, user, longitude,
-- latitude, JSON, expiry in ms, now, most. Answer: {"OK" or "PRIOR", JSON}, {"FULL"}
--include lib_shared.lua
local before = prior()
if before then
    return { 'PRIOR', before }
end
for _, old in ipairs(redis.call('ZRANGEBYSCORE', P .. 'place:expiry', '-inf', ARGV[8], 'LIMIT', 0, 100)) do
    redis.call('ZREM', P .. 'place:geo', old)
    redis.call('ZREM', P .. 'place:expiry', old)
    redis.call('HDEL', P .. 'place', old)
end
local user = ARGV[3]
if redis.call('HLEN', P .. 'place') >= tonumber(ARGV[9]) and redis.call('HEXISTS', P .. 'place', user) == 0 then
    return { 'FULL' }
end
redis.call('GEOADD', P .. 'place:geo', ARGV[4], ARGV[5], user)
redis.call('ZADD', P .. 'place:expiry', ARGV[7], user)
redis.call('HSET', P .. 'place', user, ARGV[6])
redis.call('SADD', P .. 'members', user)
remember(ARGV[6])
return { 'OK', ARGV[6] }
