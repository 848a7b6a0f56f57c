-- SPDX-License-Identifier: BSD-2-Clause
-- How many records tags have. KEYS: records hash, time index. ARGV: family, then per tag: tag, from, to.
-- Answer: {"OK", count...} or {"INCOMPLETE"}
--include lib_index.lua
if not index_ready(ARGV[1], KEYS[1], KEYS[2]) then
    return { 'INCOMPLETE' }
end
local answer = { 'OK' }
for i = 2, #ARGV, 3 do
    answer[#answer + 1] = redis.call('ZCOUNT', KEYS[1] .. ':by:' .. ARGV[i], ARGV[i + 1], ARGV[i + 2])
end
return answer
