-- SPDX-License-Identifier: BSD-2-Clause
--include lib_push.lua
-- What became of a claimed delivery. KEYS: the user's prefix. ARGV: ITEM SUBSCRIPTION, the claim's end,
-- 'again' (in ARGV[4] ms), 'done', 'failed', or 'gone': so is the subscription. It is also when ARGV[6]
-- pushes have failed and the first of them ARGV[5] ms ago, with none delivered between.
-- 1; 2: the subscription failed for so long that it is gone; 0: the claim is another one's by now.
local member, outcome = ARGV[1], ARGV[3]
if tonumber(redis.call('ZSCORE', PUSH_DUE, member) or 0) ~= tonumber(ARGV[2]) then
    return 0
end
local sub = string.match(member, ' (%S+)$')
if outcome == 'again' then
    redis.call('ZADD', PUSH_DUE, int(now_ms() + tonumber(ARGV[4])), member)
elseif outcome == 'gone' then
    push_forget(sub)
elseif outcome == 'failed' then
    local since, count = string.match(redis.call('HGET', PUSH_FAILING, sub) or '', '^(%d+) (%d+)$')
    since, count = tonumber(since) or now_ms(), (tonumber(count) or 0) + 1
    if count >= tonumber(ARGV[6]) and now_ms() - since >= tonumber(ARGV[5]) then
        push_forget(sub)
        return 2
    end
    redis.call('HSET', PUSH_FAILING, sub, int(since) .. ' ' .. int(count))
    push_drop(member)
else
    redis.call('HDEL', PUSH_FAILING, sub)
    push_drop(member)
end
return 1
