-- SPDX-License-Identifier: BSD-2-Clause
-- What buckets hold. KEYS: records hash, time index. ARGV: family, buckets. Answer: {"OK", bucket,
-- field, value, ...}, or {"INCOMPLETE"}: the index has to be made first.
--include lib_index.lua
if not index_ready(ARGV[1], KEYS[1], KEYS[2]) then
    return { 'INCOMPLETE' }
end
local answer = { 'OK' }
for i = 2, #ARGV do
    local fields = redis.call('HGETALL', KEYS[1] .. ':sum:' .. ARGV[i])
    for k = 1, #fields, 2 do
        local at = #answer
        answer[at + 1], answer[at + 2], answer[at + 3] = ARGV[i], fields[k], fields[k + 1]
    end
end
return answer
