--include lib_keys.lua
-- A page of sessions, newest first: {more, {sid, title, created, updated, messages, run}...}.
local limit, before, before_sid = tonumber(ARGV[1]), ARGV[2], ARGV[3]
local index = P .. 'sessions'
local out, offset = {0}, 0
while true do
    local page = redis.call('ZREVRANGEBYSCORE', index, before, '-inf', 'WITHSCORES', 'LIMIT',
        offset, limit + 1)
    if #page == 0 then
        return out
    end
    offset = offset + #page / 2
    for i = 1, #page, 2 do
        local sid, score = page[i], page[i + 1]
        if before_sid == '' or score ~= before or sid < before_sid then
            local s = session_key(sid)
            local f = redis.call('HMGET', s, 'title', 'created', 'updated', 'run')
            if not f[2] then
                redis.call('ZREM', index, sid)
                offset = offset - 1
            elseif #out > limit then
                out[1] = 1
                return out
            else
                out[#out + 1] = {sid, f[1] or '', f[2], score,
                    redis.call('LLEN', messages_of(s)), f[4] or ''}
            end
        end
    end
end
