-- SPDX-License-Identifier: BSD-2-Clause
--include lib_keys.lua
-- Subscriptions that are due become this claimer's for a while. KEYS: the user's prefix. ARGV: most of
-- them, ms, token, the longest wait that anybody sets. {ms until the next one or -1, then {id, field,
-- value, ...} of each}. A next look further ahead than that was written by a clock that went wrong.
local now, wait = now_ms(), -1
local out = { '-1' }
for _, id in ipairs(redis.call('ZRANGE', feeds_key(), 0, -1)) do
    local key = feed_key(id)
    local f = redis.call('HMGET', key, 'state', 'next_ms', 'claim_ms')
    if f[1] and f[1] ~= 'ended' then
        local next_ms, claim = tonumber(f[2]) or 0, tonumber(f[3]) or 0
        if next_ms > now + tonumber(ARGV[4]) then
            next_ms = now
        end
        if claim > now + tonumber(ARGV[2]) then
            claim = now
        end
        local at = math.max(next_ms, claim)
        if at <= now and #out <= tonumber(ARGV[1]) then
            redis.call('HSET', key, 'claim_ms', int(now + tonumber(ARGV[2])), 'token', ARGV[3])
            local fields = redis.call('HGETALL', key)
            table.insert(fields, 1, id)
            out[#out + 1] = fields
            at = now + tonumber(ARGV[2])
        end
        local left = math.max(0, at - now)
        wait = wait < 0 and left or math.min(wait, left)
    end
end
out[1] = int(wait)
return out
