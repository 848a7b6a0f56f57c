-- SPDX-License-Identifier: BSD-2-Clause
-- KEYS: the hints of webhooks. ARGV: most of them, member, first look in ms from now.
-- 1, or 0 when the queue is full, or half full and half of that is this user's, by a sample.
local SAMPLE = 64
local t = redis.call('TIME')
if redis.call('ZSCORE', KEYS[1], ARGV[2]) then
    return 1
end
local most, count = tonumber(ARGV[1]), redis.call('ZCARD', KEYS[1])
if count >= most then
    return 0
end
if count > most / 2 then
    local user, own = string.match(ARGV[2], '^[^ ]* '), 0
    math.randomseed(tonumber(t[2])) -- ZRANDMEMBER is not among the rights of Redis' user (docs/operate.md)
    for _ = 1, SAMPLE do
        local rank = math.random(0, count - 1)
        local member = redis.call('ZRANGE', KEYS[1], rank, rank)[1]
        own = own + (string.sub(member, 1, #user) == user and 1 or 0)
    end
    if own * 2 >= SAMPLE then
        return 0
    end
end
redis.call('ZADD', KEYS[1], string.format('%.0f',
    t[1] * 1000 + math.floor(t[2] / 1000) + tonumber(ARGV[3])), ARGV[2])
return 1
