-- SPDX-License-Identifier: BSD-2-Clause
--include lib_keys.lua
-- Counts one tool call in two fixed windows, or in none. ARGV: name, limit, window; twice. 0 = any.
-- {0, 0}, or {which is full, milliseconds until it ends}
for i = 1, 2 do
    local key, limit = P .. 'rate:' .. ARGV[i * 3 - 2], tonumber(ARGV[i * 3 - 1])
    if limit > 0 and tonumber(redis.call('GET', key) or 0) >= limit then
        return {i, math.max(redis.call('PTTL', key), 1)}
    end
end
for i = 1, 2 do
    local key = P .. 'rate:' .. ARGV[i * 3 - 2]
    if tonumber(ARGV[i * 3 - 1]) > 0 then
        redis.call('INCR', key)
        if redis.call('PTTL', key) < 0 then
            redis.call('PEXPIRE', key, ARGV[i * 3])
        end
    end
end
return {0, 0}
