-- SPDX-License-Identifier: BSD-2-Clause
-- A credential counts no more. KEYS: the hash of those. ARGV: name, before, until (0 = for ever), most
-- of them. An entry only ever moves on. 1, or 0: there is no room for another one.
local old = redis.call('HGET', KEYS[1], ARGV[1])
if not old and redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[4]) then
    return 0
end
local before, ends = ARGV[2], ARGV[3]
local old_before, old_ends = string.match(old or '', '^(%d+) (%d+)$')
if old_before then
    if tonumber(old_before) > tonumber(before) then
        before = old_before
    end
    if ends ~= '0' and (old_ends == '0' or tonumber(old_ends) > tonumber(ends)) then
        ends = old_ends
    end
end
redis.call('HSET', KEYS[1], ARGV[1], before .. ' ' .. ends)
return 1
