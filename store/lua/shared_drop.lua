-- SPDX-License-Identifier: BSD-2-Clause
-- Removes a shared record of its author. ARGV: mark, life, family, id, author
-- Answer: {"OK"}, {"MISSING"} (not there, or another's)
--include lib_shared.lua
local json = redis.call('HGET', P .. 'r:' .. ARGV[3], ARGV[4])
if not json or cjson.decode(json).author ~= ARGV[5] then
    return { 'MISSING' }
end
drop(ARGV[3], ARGV[4])
return { 'OK' }
