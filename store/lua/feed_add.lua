-- SPDX-License-Identifier: BSD-2-Clause
--include lib_keys.lua
-- A subscription to a calendar. KEYS: the user's prefix. ARGV: id, most of them, address, then fields and
-- values. One with this address takes them over, and is asked for again when it had ended.
-- {"OK" or "THERE" or "FULL", the id}
local fields, id = {}, nil
for i = 4, #ARGV do
    fields[#fields + 1] = ARGV[i]
end
for _, other in ipairs(redis.call('ZRANGE', feeds_key(), 0, -1)) do
    if redis.call('HGET', feed_key(other), 'url') == ARGV[3] then
        id = other
    end
end
if id then
    local key = feed_key(id)
    if #fields > 0 then
        redis.call('HSET', key, unpack(fields))
    end
    if redis.call('HGET', key, 'state') == 'ended' then
        redis.call('HSET', key, 'state', 'new', 'next_ms', int(now_ms()), 'failures', '0',
            'failing_ms', '0', 'told', '0', 'etag', '', 'modified', '', 'why', '')
    end
    return { 'THERE', id }
end
if redis.call('ZCARD', feeds_key()) >= tonumber(ARGV[2]) then
    return { 'FULL', '' }
end
local now = int(now_ms())
redis.call('HSET', feed_key(ARGV[1]), 'url', ARGV[3], 'state', 'new', 'created_ms', now, 'next_ms',
    now, unpack(fields))
redis.call('ZADD', feeds_key(), now, ARGV[1])
return { 'OK', ARGV[1] }
