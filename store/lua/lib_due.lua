-- SPDX-License-Identifier: BSD-2-Clause
-- What is due of a set of hints, `UID ...` by time, divided among users: one of them has a quarter of the
-- places while others want them. When more are due than one look sees, and the oldest are a user's who
-- has many, those behind that quarter are put off, spread over a time that grows with what is due: a
-- storm of one user's is out of the others' way after some looks, and none of it is lost. A score says
-- when to look; when something is due its member or its record says.
local due_divided
do

local SCAN = 512

-- The members that are given, and those of a user behind the share.
local function divide(due, most)
    local of, given, behind = {}, {}, {}
    local share = math.max(1, math.floor(most / 4))
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

local function put_off(key, now, due, behind, first, all)
    local later = {}
    for i = first, #behind do
        later[#later + 1] = string.format('%.0f', tonumber(now) + 1000 + i * all / #behind)
        later[#later + 1] = due[behind[i]]
    end
    if #later > 0 then
        redis.call('ZADD', key, 'XX', unpack(later))
    end
end

-- Member and score of each that is given, and whether there may be more. now: text.
function due_divided(key, now, most)
    local function members(limit)
        return redis.call('ZRANGE', key, '-inf', now, 'BYSCORE', 'LIMIT', 0, limit, 'WITHSCORES')
    end
    local due = members(most)
    if #due < 2 * most then
        return due, false
    end
    local given, behind = divide(due, most)
    if #behind > 0 then
        due = members(SCAN)
        given, behind = divide(due, most)
        local next_behind = 1
        while #given < 2 * most and behind[next_behind] do -- nobody else wants these places
            given[#given + 1] = due[behind[next_behind]]
            given[#given + 1] = due[behind[next_behind] + 1]
            next_behind = next_behind + 1
        end
        local all = redis.call('ZCOUNT', key, '-inf', now)
        if all > SCAN then
            put_off(key, now, due, behind, next_behind, all)
        end
    end
    return given, true
end

end
