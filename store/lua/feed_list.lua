-- SPDX-License-Identifier: BSD-2-Clause
--include lib_keys.lua
-- The user's subscriptions, the oldest first: {id, field, value, ...} each. KEYS: the user's prefix.
local out = {}
for _, id in ipairs(redis.call('ZRANGE', feeds_key(), 0, -1)) do
    local fields = redis.call('HGETALL', feed_key(id))
    table.insert(fields, 1, id)
    out[#out + 1] = fields
end
return out
