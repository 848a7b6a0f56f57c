-- SPDX-License-Identifier: BSD-2-Clause
-- KEYS: the sorted set. ARGV: now in ms ("" = Redis' time), most members.
-- Answer: now, ms until the next look is worth while ("" = there is nothing to look at), then member
-- and score of those that are due.
--
-- One user has a quarter of the places while others want them. When more are due than one look
-- sees, and the oldest are a user's who has many, those behind that quarter are put off, spread over
-- a time that grows with what is due: a storm of one user's is out of the others' way after some
-- looks, and none of it is lost. A score says when to look; when the reminder is due its member or
-- its record says.
local SCAN = 512
local MORE_MS = 5
local now = ARGV[1]
if now == '' then
    local t = redis.call('TIME')
    now = string.format('%.0f', t[1] * 1000 + math.floor(t[2] / 1000))
end
local most = tonumber(ARGV[2])
local share = math.max(1, math.floor(most / 4))

local function due_members(limit)
    return redis.call('ZRANGE', KEYS[1], '-inf', now, 'BYSCORE', 'LIMIT', 0, limit, 'WITHSCORES')
end

-- The members that are given, and those of a user behind the share.
local function divide(due)
    local of, given, behind = {}, {}, {}
    for i = 1, #due, 2 do
        local user = string.match(due[i], '^[^ ]*')
        of[user] = (of[user] or 0) + 1
        if of[user] > share then
            behind[#behind + 1] = i
        elseif #given < 2 * most then
            given[#given + 1] = due[i]
            given[#given + 1] = due[i + 1]
        end
    end
    return given, behind
end

local function put_off(due, behind, first, all)
    local later = {}
    for i = first, #behind do
        later[#later + 1] = string.format('%.0f', tonumber(now) + 1000 + i * all / #behind)
        later[#later + 1] = due[behind[i]]
    end
    if #later > 0 then
        redis.call('ZADD', KEYS[1], 'XX', unpack(later))
    end
end

local due = due_members(most)
local more = #due == 2 * most
local given, behind = divide(due)
if more and #behind > 0 then
    due = due_members(SCAN)
    given, behind = divide(due)
    local next_behind = 1
    while #given < 2 * most and behind[next_behind] do -- nobody else wants these places
        given[#given + 1] = due[behind[next_behind]]
        given[#given + 1] = due[behind[next_behind] + 1]
        next_behind = next_behind + 1
    end
    local all = redis.call('ZCOUNT', KEYS[1], '-inf', now)
    if all > SCAN then
        put_off(due, behind, next_behind, all)
    end
elseif not more then
    given = due
end
local wait = more and tostring(MORE_MS) or ''
if not more then
    local after = redis.call('ZRANGE', KEYS[1], '(' .. now, '+inf', 'BYSCORE', 'LIMIT', 0, 1, 'WITHSCORES')
    wait = after[2] and string.format('%.0f', tonumber(after[2]) - tonumber(now)) or ''
end
local out = { now, wait }
for i = 1, #given do
    out[#out + 1] = given[i]
end
return out
