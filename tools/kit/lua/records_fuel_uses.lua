-- SPDX-License-Identifier: BSD-2-Clause
-- Segments that end at full tanks. KEYS: records hash, time index. ARGV: ids.
-- Answer: {"OK", "METRES MILLILITRES DAY" or false...} or {"INCOMPLETE"}
--include lib_index.lua
if not index_ready('fuel', KEYS[1], KEYS[2]) then
    return { 'INCOMPLETE' }
end
local answer = redis.call('HMGET', KEYS[1] .. ':segments', unpack(ARGV))
table.insert(answer, 1, 'OK')
return answer
