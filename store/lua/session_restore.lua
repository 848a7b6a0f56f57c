-- SPDX-License-Identifier: BSD-2-Clause
--include lib_turn.lua
--include lib_chat.lua
--include lib_find.lua
--include lib_gone.lua
-- Takes back the deletion of session ARGV[10]. ARGV[11]: for how long an approval is kept behind its
-- end. 'OK', 'MISSING' (also: too late), 'TAKEN' (another session has its id by now).
local sid, keep = ARGV[10], tonumber(ARGV[11])
local g, s, now = gone_key(sid), session_key(sid), now_ms()
local f = redis.call('HMGET', g, 'until', 'score', 'pin')
if not f[1] or tonumber(f[1]) <= now then
    return 'MISSING'
end
if redis.call('EXISTS', s) == 1 then
    return 'TAKEN'
end
for _, pair in ipairs(gone_pairs(sid)) do
    gone_move(pair[2], pair[1], pair[1] == log_of(s) and LOG_KEEP or SESSION_KEEP)
end
branches.live(branch_lists_key(sid), SESSION_KEEP)
redis.call('HDEL', s, 'until', 'score', 'pin')
redis.call('HSET', s, 'epoch', next_epoch(sid, now, top_of(log_of(s))))
redis.call('ZADD', P .. 'sessions', f[2], sid)
redis.call('PEXPIRE', P .. 'sessions', SESSION_KEEP)
if f[3] ~= '' then
    redis.call('ZADD', pinned_key(), f[3], sid)
    redis.call('PEXPIRE', pinned_key(), SESSION_KEEP)
end
for _, id in ipairs(redis.call('HVALS', approvals_key(sid))) do
    local key = approval_key(id)
    gone_move(gone_part(id, 'approval'), key, keep)
    local a = redis.call('HMGET', key, 'state', 'expires')
    if a[1] == 'open' then
        redis.call('ZADD', P .. 'approvals', a[2], id)
        redis.call('PEXPIRE', key, int(math.max(0, tonumber(a[2]) - now) + keep))
    end
end
find_later(sid)
chat_tell(sid)
return 'OK'
