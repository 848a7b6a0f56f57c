-- SPDX-License-Identifier: BSD-2-Clause
--include lib_keys.lua
-- Keeps a file of the user, or renews it. ARGV: id, life (ms), quota (bytes), most files, what is
-- told of it (without its times), the bytes.
-- Answer: {"OK", end, begin}, {"FULL", bytes of the others}, {"MANY", how many others}
local id, life, quota, most = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local about, bytes = ARGV[5], ARGV[6]
local list, key, now = attachments_key(), attachment_key(id), now_ms()
local used, count, created = 0, 0, now
local all = redis.call('HGETALL', list)
for i = 1, #all, 2 do
    local ends, begun, size = string.match(all[i + 1], '^(%d+) (%d+) (%d+) ')
    if tonumber(ends) <= now then
        redis.call('HDEL', list, all[i])
    elseif all[i] ~= id then
        used, count = used + size, count + 1
    elseif redis.call('EXISTS', key) == 1 then
        created = tonumber(begun)
    end
end
if used + #bytes > quota then
    return {'FULL', int(used)}
end
if count >= most then
    return {'MANY', int(count)}
end
redis.call('SET', key, bytes, 'PX', int(life))
redis.call('HSET', list, id, int(now + life) .. ' ' .. int(created) .. ' ' .. #bytes .. ' ' .. about)
redis.call('PEXPIRE', list, int(life))
return {'OK', int(now + life), int(created)}
