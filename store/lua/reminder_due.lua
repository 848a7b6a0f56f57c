-- SPDX-License-Identifier: BSD-2-Clause
-- KEYS: the sorted set. ARGV: now in ms ("" = Redis' time), most members.
-- Answer: now, ms until the next look is worth while ("" = there is nothing to look at), then member
-- and score of those that are due, divided among users.
--include lib_due.lua
local MORE_MS = 5
local now = ARGV[1]
if now == '' then
    local t = redis.call('TIME')
    now = string.format('%.0f', t[1] * 1000 + math.floor(t[2] / 1000))
end
local given, more = due_divided(KEYS[1], now, tonumber(ARGV[2]))
local wait = more and tostring(MORE_MS) or ''
if not more then
    local after = redis.call('ZRANGE', KEYS[1], '(' .. now, '+inf', 'BYSCORE', 'LIMIT', 0, 1, 'WITHSCORES')
    wait = after[2] and string.format('%.0f', tonumber(after[2]) - tonumber(now)) or ''
end
local out = { now, wait }
for i = 1, #given do
    out[#out + 1] = given[i]
end
return out
