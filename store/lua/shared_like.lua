-- SPDX-License-Identifier: BSD-2-Clause
-- Toggles a like. ARGV: mark, life, post, user. Answer: {"OK" or "PRIOR", "LIKED COUNT"}, {"MISSING"}
--include lib_shared.lua
local before = prior()
if before then
    return { 'PRIOR', before }
end
if redis.call('HEXISTS', P .. 'r:post', ARGV[3]) == 0 then
    return { 'MISSING' }
end
local likes = P .. 'likes:' .. ARGV[3]
local liked = redis.call('SADD', likes, ARGV[4])
if liked == 0 then
    redis.call('SREM', likes, ARGV[4])
end
local outcome = liked .. ' ' .. redis.call('SCARD', likes)
remember(outcome)
return { 'OK', outcome }
