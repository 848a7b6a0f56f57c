-- SPDX-License-Identifier: BSD-2-Clause
--include lib_keys.lua
-- The next try of a turn's webhook becomes this claimer's for a while.
-- {'none'} (nothing to send any more), {'wait', MS} or {'send', URL, TRY, TRACEPARENT}.
local DUE_MAX = 3600000 -- BACK_OFF_MAX_MS of workers/housekeeper/webhooks.c
local t, token, lease, tries_max = turn_key(ARGV[1]), ARGV[2], ARGV[3], tonumber(ARGV[4])
local f = redis.call('HMGET', t, 'ended', 'webhook', 'hook', 'hook_due', 'hook_tries', 'hook_token',
    'hook_lease', 'trace')
if not f[2] or f[3] then
    return {'none'}
end
if not f[1] then
    return {'wait', 15000} -- its end is announced; this is for an announcement that was lost
end
local now, tries = now_ms(), tonumber(f[5] or 0)
if f[6] == token then
    return {'send', f[2], tries, f[8] or ''} -- this very call again
end
-- Times further ahead than any that is ever set: Redis' clock has been put back.
local held, due = tonumber(f[7] or 0) - now, tonumber(f[4] or 0) - now
if held > 0 and held <= tonumber(lease) then
    return {'wait', held}
end
if due > 0 and due <= DUE_MAX then
    return {'wait', due}
end
if tries >= tries_max then -- whoever made the last one has died over it
    redis.call('HSET', t, 'hook', 'failed', 'hook_at', int(now))
    return {'none'}
end
redis.call('HSET', t, 'hook_token', token, 'hook_lease', int(now + tonumber(lease)))
return {'send', f[2], redis.call('HINCRBY', t, 'hook_tries', 1), f[8] or ''}
