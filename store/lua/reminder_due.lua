-- KEYS: the sorted set. ARGV: now in ms ("" = Redis' time), most members.
-- Answer: now, ms until the next that is not due ("" = there is none), then member and score of
-- those that are due.
local now = ARGV[1]
if now == '' then
    local t = redis.call('TIME')
    now = string.format('%.0f', t[1] * 1000 + math.floor(t[2] / 1000))
end
local due = redis.call('ZRANGE', KEYS[1], '-inf', now, 'BYSCORE', 'LIMIT', 0, ARGV[2], 'WITHSCORES')
local after = redis.call('ZRANGE', KEYS[1], '(' .. now, '+inf', 'BYSCORE', 'LIMIT', 0, 1, 'WITHSCORES')
local out = { now, after[2] and string.format('%.0f', tonumber(after[2]) - tonumber(now)) or '' }
for i = 1, #due do
    out[#out + 1] = due[i]
end
return out
