-- SPDX-License-Identifier: BSD-2-Clause
-- Feedback of all users in one month: a sorted set by time (ms) of `UID MESSAGE JSON`. Notes one
-- entry (ARGV[1] time, ARGV[2] member) instead of the same user's earlier ones of that message in
-- this month (ARGV[3] their beginning, ARGV[4] their time, '' = none); ARGV[5] most entries,
-- ARGV[6] when the key goes (ms). Without a member it only takes the earlier ones out.
local key, member = KEYS[1], ARGV[2]
if ARGV[4] ~= '' then
    for _, one in ipairs(redis.call('ZRANGEBYSCORE', key, ARGV[4], ARGV[4])) do
        if string.sub(one, 1, #ARGV[3]) == ARGV[3] then
            redis.call('ZREM', key, one)
        end
    end
end
if member ~= '' then
    redis.call('ZADD', key, ARGV[1], member)
    redis.call('ZREMRANGEBYRANK', key, 0, -(tonumber(ARGV[5]) + 1))
    redis.call('PEXPIREAT', key, ARGV[6])
end
return 1
