-- SPDX-License-Identifier: BSD-2-Clause
--include lib_keys.lua
-- An API key takes another's place: what is set over its limits holds for that, too. KEYS: the user's
-- prefix. ARGV: the old key, the new one. Returns how many limits these are.
local all, from, count = redis.call('HGETALL', limits_key()), ARGV[1] .. '/', 0
for i = 1, #all, 2 do
    if string.sub(all[i], 1, #from) == from then
        redis.call('HSET', limits_key(), ARGV[2] .. '/' .. string.sub(all[i], #from + 1), all[i + 1])
        count = count + 1
    end
end
return count
