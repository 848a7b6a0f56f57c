-- SPDX-License-Identifier: BSD-2-Clause
--include lib_push.lua
-- Deliveries that are due become this claimer's for a while. KEYS: the user's prefix.
-- ARGV: most of them, ms, tries. {ms until the next one or -1, then per delivery: ITEM SUBSCRIPTION,
-- the claim's end, number of the try, the item, the subscription}. A call whose reply is lost counts
-- as a try that nobody made.
local now = now_ms()
local till = int(now + tonumber(ARGV[2]))
local out = {'-1'}
while #out < 1 + 5 * tonumber(ARGV[1]) do
    local member = redis.call('ZRANGE', PUSH_DUE, '-inf', int(now), 'BYSCORE', 'LIMIT', 0, 1)[1]
    if not member then
        break
    end
    local item, sub = string.match(member, '^(%S+) (%S+)$')
    local text, to = redis.call('HGET', PUSH_ITEMS, item), redis.call('HGET', PUSH, sub)
    local tries = redis.call('HINCRBY', PUSH_TRIES, member, 1)
    -- An entry that the user has answered elsewhere meanwhile is no news.
    if not text or not to or tries > tonumber(ARGV[3])
        or redis.call('HEXISTS', P .. 'inbox:state', item) == 1 then
        push_drop(member)
    else
        redis.call('ZADD', PUSH_DUE, till, member)
        for _, value in ipairs({member, till, tries, text, to}) do
            out[#out + 1] = value
        end
    end
end
local next_one = redis.call('ZRANGE', PUSH_DUE, 0, 0, 'WITHSCORES')
if next_one[2] then
    out[1] = int(math.max(0, tonumber(next_one[2]) - now))
end
return out
