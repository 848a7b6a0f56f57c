-- SPDX-License-Identifier: BSD-2-Clause
--include lib_push.lua
-- What became of a claimed delivery. KEYS: the user's prefix. ARGV: ITEM SUBSCRIPTION, the claim's end,
-- 'again' (in ARGV[4] ms), 'done', or 'gone': so is the subscription.
-- 1, or 0 when the claim is another one's by now.
local member, outcome = ARGV[1], ARGV[3]
if tonumber(redis.call('ZSCORE', PUSH_DUE, member) or 0) ~= tonumber(ARGV[2]) then
    return 0
end
if outcome == 'again' then
    redis.call('ZADD', PUSH_DUE, int(now_ms() + tonumber(ARGV[4])), member)
elseif outcome == 'gone' then
    push_forget(string.match(member, ' (%S+)$'))
else
    push_drop(member)
end
return 1
