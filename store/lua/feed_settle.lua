-- SPDX-License-Identifier: BSD-2-Clause
--include lib_inbox.lua
-- What became of a refresh. KEYS: the user's prefix. ARGV: id, token, ms until the next one, generation
-- that is shown from now on ("" = as before, "-" = none), how many parts it has, its bytes, most bytes
-- of all subscriptions, life of what was shown before, event for the inbox ("" = none), entries of the
-- inbox, their life, then fields and values.
-- 1; 0: the claim is another one's by now; 2: there is no room for it; 3: a part of it is not there.
local key, gen = feed_key(ARGV[1]), ARGV[4]
if redis.call('HGET', key, 'token') ~= ARGV[2] then
    return 0
end
if gen ~= '' then
    if gen ~= '-' and redis.call('LLEN', feed_parts_key(ARGV[1], gen)) ~= tonumber(ARGV[5]) then
        return 3
    end
    local bytes = tonumber(ARGV[6])
    for _, id in ipairs(redis.call('ZRANGE', feeds_key(), 0, -1)) do
        if id ~= ARGV[1] then
            bytes = bytes + (tonumber(redis.call('HGET', feed_key(id), 'bytes') or 0) or 0)
        end
    end
    if gen ~= '-' and bytes > tonumber(ARGV[7]) then
        return 2
    end
    local old = redis.call('HGET', key, 'gen')
    if gen ~= '-' then
        redis.call('PERSIST', feed_parts_key(ARGV[1], gen))
    end
    if old and old ~= gen then
        -- a reader may be at it
        redis.call('PEXPIRE', feed_parts_key(ARGV[1], old), ARGV[8])
    end
    redis.call('HSET', key, 'gen', gen == '-' and '' or gen, 'bytes', ARGV[6])
end
local fields = {}
for i = 12, #ARGV do
    fields[#fields + 1] = ARGV[i]
end
redis.call('HSET', key, 'next_ms', int(now_ms() + tonumber(ARGV[3])), unpack(fields))
redis.call('HDEL', key, 'token', 'claim_ms')
if ARGV[9] ~= '' then
    inbox_put(ARGV[9], '', tonumber(ARGV[10]), tonumber(ARGV[11]))
end
return 1
