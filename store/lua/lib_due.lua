-- SPDX-License-Identifier: BSD-2-Clause
-- What is due of a set of hints, `UID ...` by time, divided among users: one of them has a quarter of the
-- places while others want them. When more are due than one look sees, and the oldest are a user's who
-- has many, those behind that quarter are put off, spread over a time that grows with what is due: a
-- storm of one user's is out of the others' way after some looks, and none of it is lost. A score says
-- when to look; when something is due its member or its record says.
local due_divided
do

local SCAN = 512
local WIDE = 8 -- so many are divided when fewer are asked for: one place alone cannot be divided

local function user_of(member)
    return string.match(member, '^[^ ]*')
end

-- The members that are given; those of a user behind the share; those of users who get none now.
local function divide(due, most, full)
    local of, given, behind, held = {}, {}, {}, {}
    local share = math.max(1, math.floor(most / 4))
    for i = 1, #due, 2 do
        local user = user_of(due[i])
        of[user] = (of[user] or 0) + 1
        if full[user] then
            held[#held + 1] = i
        elseif of[user] > share then
            behind[#behind + 1] = i
        elseif #given < 2 * most then
            given[#given + 1] = due[i]
            given[#given + 1] = due[i + 1]
        end
    end
    return given, behind, held
end

local function put_off(key, now, due, late, all)
    local later = {}
    for i, at in ipairs(late) do
        later[#later + 1] = string.format('%.0f', tonumber(now) + 1000 + i * all / #late)
        later[#later + 1] = due[at]
    end
    if #later > 0 then
        redis.call('ZADD', key, 'XX', unpack(later))
    end
end

-- So many of them: one of each user in turn, whoever is the first.
local function choose(given, most)
    if #given <= 2 * most then
        return given
    end
    local users, of, out = {}, {}, {}
    for i = 1, #given, 2 do
        local user = user_of(given[i])
        if not of[user] then
            of[user] = {}
            users[#users + 1] = user
        end
        table.insert(of[user], i)
    end
    local turn = redis.call('TIME')[2] % #users
    while #out < 2 * most do
        turn = turn % #users + 1
        local i = table.remove(of[users[turn]], 1)
        if i then
            out[#out + 1] = given[i]
            out[#out + 1] = given[i + 1]
        end
    end
    return out
end

-- Member and score of each that is given, and whether there may be more. now: text. full: users who get
-- none now, as keys; may be nil.
function due_divided(key, now, most, full)
    local function members(limit)
        return redis.call('ZRANGE', key, '-inf', now, 'BYSCORE', 'LIMIT', 0, limit, 'WITHSCORES')
    end
    local wide = math.max(most, WIDE)
    local due = members(wide)
    local more = #due >= 2 * wide
    local given, behind, held = divide(due, wide, full or {})
    if more and #behind + #held > 0 then
        due = members(SCAN)
        given, behind, held = divide(due, wide, full or {})
    end
    local late = {}
    for _, at in ipairs(behind) do
        if #given < 2 * wide then -- nobody else wants these places
            given[#given + 1] = due[at]
            given[#given + 1] = due[at + 1]
        else
            late[#late + 1] = at
        end
    end
    for _, at in ipairs(held) do
        late[#late + 1] = at
    end
    local all = more and #late > 0 and redis.call('ZCOUNT', key, '-inf', now) or 0
    if all > SCAN then
        put_off(key, now, due, late, all)
    end
    return choose(given, most), more or #given > 2 * most
end

end
