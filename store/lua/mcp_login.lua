-- SPDX-License-Identifier: BSD-2-Clause
-- The sign-in of an MCP server. KEYS: the hash of all. ARGV: what to do, the server's name, who asks,
-- then by what is done:
--   take  ms         the lease of a renewal, for so long
--   put   n, entry   the entry, when it is still the one of generation n; ends the asker's lease
--   drop             ends the asker's lease
--   set   entry      the entry, whatever was there (an operator's); ends any lease
--   forget           no entry any more
--   look
-- Replies {word, entry or '', generation, torn}. word: DONE, HELD (another one has the lease), LOST (the
-- entry is another one by now). torn: 1 when the lease before ran out, so its holder died or hangs.
local key, act, name, who = KEYS[1], ARGV[1], ARGV[2], ARGV[3]
local LEASE, GENERATION = name .. ' lease', name .. ' generation'
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local held = redis.call('HMGET', key, name, GENERATION, LEASE)
local entry, generation, lease = held[1] or '', tonumber(held[2] or '0'), held[3]
local holder, ends = string.match(lease or '', '^(%S+) (%d+)$')
local word, torn = 'DONE', 0

local function write(text)
    generation = generation + 1
    entry = text
    redis.call('HSET', key, name, text, GENERATION, string.format('%d', generation))
end

if act == 'take' then
    if holder and holder ~= who and tonumber(ends) > now then
        word = 'HELD'
    else
        torn = (holder and holder ~= who) and 1 or 0
        redis.call('HSET', key, LEASE, who .. ' ' .. string.format('%d', now + tonumber(ARGV[4])))
    end
elseif act == 'put' then
    if generation ~= tonumber(ARGV[4]) then
        -- The same entry again: the reply to the first call was lost.
        word = entry == ARGV[5] and 'DONE' or 'LOST'
    else
        write(ARGV[5])
    end
    if holder == who then
        redis.call('HDEL', key, LEASE)
    end
elseif act == 'drop' then
    if holder == who then
        redis.call('HDEL', key, LEASE)
    end
elseif act == 'set' then
    if entry ~= ARGV[4] then
        write(ARGV[4])
    end
    redis.call('HDEL', key, LEASE)
elseif act == 'forget' then
    redis.call('HDEL', key, name, LEASE)
    redis.call('HINCRBY', key, GENERATION, 1)
end
return {word, entry, generation, torn}
