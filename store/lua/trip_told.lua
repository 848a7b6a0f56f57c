-- SPDX-License-Identifier: BSD-2-Clause
-- A word of a shared trip reaches a member, in the member's slot, once.
-- ARGV: owner, number (`-` = one that is not kept), trip, link, mode, title, event, life of the mark, entries of the inbox, their life,
-- ms in which changes of one trip are one entry
--include lib_trips.lua
local OWNER, SEQ, TRIP, LINK, MODE, TITLE, EVENT = unpack(ARGV, 1, 7)
if SEQ ~= '-' and not redis.call('SET', P .. 'effect:trip-told:' .. OWNER .. ':' .. SEQ, '1', 'PX', ARGV[8], 'NX') then
    return { 'PRIOR' }
end
if LINK ~= '-' then
    local joined = P .. 'joined'
    local had = redis.call('HGET', joined, TRIP)
    if not had or tonumber(string.match(had, '^%d+')) < tonumber(SEQ) then
        redis.call('HSET', joined, TRIP, SEQ .. ' ' .. LINK .. ' ' .. OWNER .. ' ' .. int(now_ms()) .. '\n' .. TITLE)
    end
    if redis.call('HLEN', joined) > LINKS_KEPT then
        local all = redis.call('HGETALL', joined)
        for i = 1, #all, 2 do
            local role, since = string.match(all[i + 1], '^%d+ (%S+) %S+ (%d+)')
            if role == 'none' and tonumber(since) < now_ms() - LINK_GONE_MS then
                redis.call('HDEL', joined, all[i])
            end
        end
    end
end
if EVENT == '' then
    return { 'OK' }
end
if MODE == 'inbox' or MODE == 'change'
    and redis.call('SET', INBOX .. ':seen:trip/' .. TRIP, '1', 'PX', ARGV[11], 'NX') then
    inbox_put(EVENT, '', tonumber(ARGV[9]), tonumber(ARGV[10]))
else
    inbox_tell(EVENT)
end
return { 'OK' }
