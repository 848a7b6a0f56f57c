-- SPDX-License-Identifier: BSD-2-Clause
--include lib_keys.lua
-- A part of the events that a refresh has read, beside those that are shown. KEYS: the user's prefix.
-- ARGV: id, token, generation, number of the part from 0, ms of the claim, life of the part in ms, text.
-- 1; 0: the claim is another one's by now. A part that is there already is not put again.
local key = feed_key(ARGV[1])
if redis.call('HGET', key, 'token') ~= ARGV[2] then
    return 0
end
local parts = feed_parts_key(ARGV[1], ARGV[3])
if redis.call('LLEN', parts) == tonumber(ARGV[4]) then
    redis.call('RPUSH', parts, ARGV[7])
    redis.call('PEXPIRE', parts, ARGV[6])
end
redis.call('HSET', key, 'claim_ms', int(now_ms() + tonumber(ARGV[5])))
return 1
