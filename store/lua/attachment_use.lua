-- SPDX-License-Identifier: BSD-2-Clause
--include lib_keys.lua
-- What is told of a file of the user; its life begins anew. ARGV: id, life (ms; 0 = it stays as it is).
-- Answer: the text, or nothing when there is no such file any more.
local id, life = ARGV[1], tonumber(ARGV[2])
local list, key, now = attachments_key(), attachment_key(id), now_ms()
local told = redis.call('HGET', list, id)
if not told then
    return false
end
local ends, rest = string.match(told, '^(%d+)( .*)$')
if tonumber(ends) <= now or redis.call('EXISTS', key) == 0 then
    redis.call('HDEL', list, id)
    redis.call('UNLINK', key)
    return false
end
if life > 0 then
    told = int(now + life) .. rest
    redis.call('HSET', list, id, told)
    redis.call('PEXPIRE', key, int(life))
    redis.call('PEXPIRE', list, int(life))
end
return told
