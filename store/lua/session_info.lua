--include lib_log.lua
-- {title, created, updated, messages, run, log's end} of session ARGV[1], {} when there is none;
-- ARGV[2], if given, is its new title.
local s = session_key(ARGV[1])
if redis.call('EXISTS', s) == 0 then
    return {}
end
if ARGV[2] then
    redis.call('HSET', s, 'title', ARGV[2])
end
local f = redis.call('HMGET', s, 'title', 'created', 'updated', 'run')
return {f[1] or '', f[2] or '0', f[3] or '0', redis.call('LLEN', messages_of(s)), f[4] or '',
    top_of(log_of(s))}
