-- SPDX-License-Identifier: BSD-2-Clause
-- Claims a reminder and puts its event into the inbox, both or nothing.
-- KEYS: the user's prefix. ARGV: family, record id, the record as it was read, what it becomes ("" = it
-- stays), mark ("" = none: the record is the claim), the mark's life in ms, event, members in front,
-- entries kept, their life, the time index of what it becomes (0 = it stays). Answer: {"OK"}, {"CHANGED"}, {"PRIOR"}
--include lib_inbox.lua
local records = P .. 'r:' .. ARGV[1]
if redis.call('HGET', records, ARGV[2]) ~= ARGV[3] then
    return { 'CHANGED' }
end
if ARGV[5] ~= ''
    and not redis.call('SET', INBOX .. ':seen:' .. ARGV[5], '1', 'PX', ARGV[6], 'NX') then
    return { 'PRIOR' }
end
if ARGV[4] ~= '' then
    redis.call('HSET', records, ARGV[2], ARGV[4])
    if ARGV[11] ~= '0' then
        redis.call('ZADD', records .. ':by-time', ARGV[11], ARGV[2])
    end
end
inbox_put(ARGV[7], ARGV[8], tonumber(ARGV[9]), tonumber(ARGV[10]))
return { 'OK' }
