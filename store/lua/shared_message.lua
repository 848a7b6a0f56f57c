-- SPDX-License-Identifier: BSD-2-Clause
-- Admits a message to another user: at most ARGV[6] in ARGV[7] ms. ARGV: mark, life, sender,
-- message id, now, most, window. Answer: {"OK" or "PRIOR", "ID TIME"}, {"RATE", ms to wait}
--include lib_shared.lua
local before = prior()
if before then
    return { 'PRIOR', before }
end
local sent = P .. 'sent:' .. ARGV[3]
local now, window = tonumber(ARGV[5]), tonumber(ARGV[7])
redis.call('ZREMRANGEBYSCORE', sent, '-inf', string.format('%.0f', now - window))
if redis.call('ZCARD', sent) >= tonumber(ARGV[6]) then
    local first = redis.call('ZRANGE', sent, 0, 0, 'WITHSCORES')[2]
    return { 'RATE', string.format('%.0f', tonumber(first) + window - now) }
end
redis.call('ZADD', sent, ARGV[5], ARGV[4])
redis.call('PEXPIRE', sent, ARGV[7])
redis.call('SADD', P .. 'members', ARGV[3])
local outcome = ARGV[4] .. ' ' .. ARGV[5]
remember(outcome)
return { 'OK', outcome }
