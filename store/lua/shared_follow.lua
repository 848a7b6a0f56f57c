-- SPDX-License-Identifier: BSD-2-Clause
-- Follows or unfollows. ARGV: mark, life, user, target, follow (1 or 0), most followed
-- Answer: {"OK" or "PRIOR", "CHANGED FRIENDS FOLLOWERS"}, {"FULL"}
--include lib_shared.lua
local before = prior()
if before then
    return { 'PRIOR', before }
end
local user, target = ARGV[3], ARGV[4]
local mine, theirs = P .. 'follows:' .. user, P .. 'followers:' .. target
local changed
if ARGV[5] == '1' then
    if redis.call('SCARD', mine) >= tonumber(ARGV[6]) and redis.call('SISMEMBER', mine, target) == 0 then
        return { 'FULL' }
    end
    changed = redis.call('SADD', mine, target)
    redis.call('SADD', theirs, user)
    redis.call('SADD', P .. 'members', user)
else
    changed = redis.call('SREM', mine, target)
    redis.call('SREM', theirs, user)
end
local outcome = changed .. ' ' .. (are_friends(user, target) and 1 or 0) .. ' '
    .. redis.call('SCARD', theirs)
remember(outcome)
return { 'OK', outcome }
