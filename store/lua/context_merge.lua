-- SPDX-License-Identifier: BSD-2-Clause
--include lib_keys.lua
-- Pairs of key and raw JSON ('' removes) from ARGV[3] on, into the user's context; nothing is
-- changed when more than ARGV[1] keys or ARGV[2] bytes would be there. {0} or {1, key, value...}.
local key = P .. 'context'
local present, order, bytes, count = {}, {}, 0, 0
local all = redis.call('HGETALL', key)
for i = 1, #all, 2 do
    present[all[i]] = all[i + 1]
    order[#order + 1] = all[i]
end
for i = 3, #ARGV, 2 do
    if present[ARGV[i]] == nil then
        order[#order + 1] = ARGV[i]
    end
    present[ARGV[i]] = ARGV[i + 1] ~= '' and ARGV[i + 1] or false
end
for name, value in pairs(present) do
    if value then
        count = count + 1
        bytes = bytes + #name + #value
    end
end
if #ARGV > 2 and (count > tonumber(ARGV[1]) or bytes > tonumber(ARGV[2])) then
    return {0}
end
for i = 3, #ARGV, 2 do
    if ARGV[i + 1] == '' then
        redis.call('HDEL', key, ARGV[i])
    else
        redis.call('HSET', key, ARGV[i], ARGV[i + 1])
    end
end
local out = {1}
for i = 1, #order do
    local value = present[order[i]]
    if value then
        out[#out + 1] = order[i]
        out[#out + 1] = value
        present[order[i]] = nil
    end
end
return out
