-- SPDX-License-Identifier: BSD-2-Clause
--include lib_keys.lua
--include lib_chat.lua
--include lib_find.lua
-- Gives session ARGV[1] a title ('' = it keeps its own) and pins it (ARGV[3]: '1', '0', '' = as it
-- is). ARGV[2]: who says the title: 'user', or 'model', which changes none of a user. ARGV[5]: keep.sessions.
-- {title, created, updated, messages, run, pinned}, {} without a session, {'FULL'}: as many are pinned
-- as may be, {'KEPT'}: the user's title stays.
local sid, who, pin, title, keep = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local s, pinned = session_key(sid), pinned_key()
local was = chat_row(sid)
if not was then
    return {}
end
if pin == '1' and was[6] == 0 then
    for _, other in ipairs(redis.call('ZRANGE', pinned, 0, -1)) do
        if redis.call('EXISTS', session_key(other)) == 0 then
            redis.call('ZREM', pinned, other)
        end
    end
    if redis.call('ZCARD', pinned) >= PINNED_MAX then
        return {'FULL', PINNED_MAX}
    end
    redis.call('ZADD', pinned, int(now_ms()), sid)
    redis.call('PEXPIRE', pinned, keep)
elseif pin == '0' then
    redis.call('ZREM', pinned, sid)
end
if title ~= '' then
    if who == 'model' and redis.call('HGET', s, 'titled') == 'user' then
        return {'KEPT'}
    end
    redis.call('HSET', s, 'title', title, 'titled', who)
    if title ~= was[1] then
        find_later(sid)
    end
end
local row = chat_row(sid)
if row[1] ~= was[1] or row[6] ~= was[6] then
    chat_tell(sid)
end
return row
