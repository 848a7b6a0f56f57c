-- SPDX-License-Identifier: BSD-2-Clause
-- Records by time from behind one that was seen, whatever has come or gone since.
-- KEYS: records hash, time index. ARGV: from, to, newest first (1 or 0), score and id of the one seen
-- ("" = from the beginning), count. Answer: id, score, JSON for each; a record that has gone is left out.
local times, newest, score, id = KEYS[2], ARGV[3] == '1', ARGV[4], ARGV[5]
local low = redis.call('ZCOUNT', times, '-inf', '(' .. ARGV[1])
local high = low + redis.call('ZCOUNT', times, ARGV[1], ARGV[2]) -- ranks from low to high - 1
local function is_before(a, b) -- by bytes, as Redis orders equal scores
    for i = 1, math.min(#a, #b) do
        local x, y = string.byte(a, i), string.byte(b, i)
        if x ~= y then
            return x < y
        end
    end
    return #a < #b
end
if id ~= '' then
    local at, gone
    if redis.call('ZSCORE', times, id) == score then
        at = redis.call('ZRANK', times, id)
    else -- it has gone, or moved: where it would be
        gone = true
        at = redis.call('ZCOUNT', times, '-inf', '(' .. score)
        local last = at + redis.call('ZCOUNT', times, score, score)
        while at < last do
            local middle = math.floor((at + last) / 2)
            if is_before(redis.call('ZRANGE', times, middle, middle)[1], id) then
                at = middle + 1
            else
                last = middle
            end
        end
    end
    if newest then
        high = math.min(high, at)
    else
        low = math.max(low, gone and at or at + 1)
    end
end
local count = math.min(tonumber(ARGV[6]), high - low)
if count <= 0 then
    return {}
end
local found
if newest then
    local behind = redis.call('ZCARD', times) - high
    found = redis.call('ZREVRANGE', times, behind, behind + count - 1, 'WITHSCORES')
else
    found = redis.call('ZRANGE', times, low, low + count - 1, 'WITHSCORES')
end
local ids, answer = {}, {}
for i = 1, #found, 2 do
    ids[#ids + 1] = found[i]
end
for i, json in ipairs(redis.call('HMGET', KEYS[1], unpack(ids))) do
    if json then
        answer[#answer + 1] = ids[i]
        answer[#answer + 1] = found[i * 2]
        answer[#answer + 1] = json
    end
end
return answer
