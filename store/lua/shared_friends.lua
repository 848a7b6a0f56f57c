-- SPDX-License-Identifier: BSD-2-Clause
-- Those whom the user follows and who follow back, at most ARGV[4] of the first 5,000 followed; or,
-- with ARGV[5], whether that one is among them. ARGV: "", 0, user, most, one ("" = all)
-- Answer: {"OK", user...}
--include lib_shared.lua
local found = { 'OK' }
if ARGV[5] ~= '' then
    return { 'OK', are_friends(ARGV[3], ARGV[5]) and '1' or '0' }
end
for _, other in ipairs(redis.call('SINTER', P .. 'follows:' .. ARGV[3], P .. 'followers:' .. ARGV[3])) do
    if #found <= tonumber(ARGV[4]) then
        found[#found + 1] = other
    end
end
return found
