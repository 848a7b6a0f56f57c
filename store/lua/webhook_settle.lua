-- SPDX-License-Identifier: BSD-2-Clause
--include lib_keys.lua
-- What became of a claimed try: 'again' (in ARGV[4] ms) or the last word: delivered, gone, failed;
-- ARGV[5] the receiver's HTTP status, 0 = none.
-- 1, or 0 when the claim is another one's by now.
local t, token, outcome = turn_key(ARGV[1]), ARGV[2], ARGV[3]
local f = redis.call('HMGET', t, 'hook_token', 'hook')
if f[1] ~= token or f[2] then
    return f[1] == token and f[2] == outcome and 1 or 0
end
redis.call('HSET', t, 'hook_status', ARGV[5], 'hook_lease', '0')
if outcome == 'again' then
    redis.call('HSET', t, 'hook_due', int(now_ms() + tonumber(ARGV[4])))
else
    redis.call('HSET', t, 'hook', outcome, 'hook_at', int(now_ms()))
end
return 1
