-- SPDX-License-Identifier: BSD-2-Clause
-- Writes records, their time index and the effect's mark, or nothing.
-- KEYS: session hash, effect mark, set of families, then per write: records hash, time index. A
--       key that is not needed is the first record hash again.
-- ARGV: epoch ("" = no fence), mark's life in ms (0 = no mark), result, must_exist (1 or 0), tool,
--       session, act, of, group (of the change: lib_changes.lua; "" = none),
--       then per write: id, op (set or del), JSON, time in ms, seen ("" = any; "#": none is there;
--       "#SHA1": one with this SHA-1 of its JSON), family,
--       then for an alert: field of the sums of expenses, mark, limit, life of the mark, entries of the
--       inbox, their life, n, n spans, then per threshold, the highest first: percent, event
-- Answer: {"OK"}, {"PRIOR", result}, {"FENCED"}, {"MISSING"}, {"CHANGED"}
--include lib_changes.lua
--include lib_inbox.lua
-- What is spent now, against the limit: the highest threshold that is reached and was not told.
local function alert(at)
    local field, mark, limit = ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 2])
    local spent, told, spans = 0, false, tonumber(ARGV[at + 6])
    for i = at + 7, at + 6 + spans do
        local sums = P .. "r:expense:sum:" .. ARGV[i]
        spent = spent + (redis.call("HGET", sums, field) or 0)
        -- and what was paid in this money, but counts in another (tools/money/rules.lua)
        spent = spent + (redis.call("HGET", sums, "o" .. string.sub(field, 2)) or 0)
    end
    for i = at + 7 + spans, #ARGV, 2 do
        local percent = tonumber(ARGV[i])
        local reached = percent >= 100 and spent > limit
            or percent < 100 and spent * 100 >= limit * percent
        if reached and redis.call("SET", INBOX .. ":seen:" .. mark .. "/" .. ARGV[i], "1", "PX",
            ARGV[at + 3], "NX") then
            if not told then
                inbox_put(string.format('%s,"spent_minor":%.0f}}', ARGV[i + 1], spent), "",
                    tonumber(ARGV[at + 4]), tonumber(ARGV[at + 5]))
            end
        end
        told = told or reached
    end
end
if ARGV[1] ~= "" and redis.call("HGET", KEYS[1], "epoch") ~= ARGV[1] then
    return { "FENCED" }
end
local life = tonumber(ARGV[2])
if life > 0 then
    local prior = redis.call("GET", KEYS[2])
    if prior then
        return { "PRIOR", prior }
    end
end
local HEAD, EACH = 9, 6
local count = math.floor((#KEYS - 3) / 2) -- in a cluster there is one key more
local function is_seen(seen, now)
    if string.sub(seen, 1, 1) ~= '#' then
        return seen == '' or now == seen
    end
    return (now and '#' .. redis.sha1hex(now) or '#') == seen
end
if not change_may(ARGV[7], ARGV[8]) then
    return { "CHANGED" }
end
local before = {}
for i = 0, count - 1 do
    local at = HEAD + i * EACH
    local now = redis.call("HGET", KEYS[4 + i * 2], ARGV[at + 1])
    if ARGV[4] == "1" and not now then
        return { "MISSING" }
    end
    if not is_seen(ARGV[at + 5], now) then
        return { "CHANGED" }
    end
    -- a shared trip stays while others take part (store/trips.h)
    if ARGV[at + 6] == "trip" and ARGV[at + 2] == "del"
        and redis.call("SISMEMBER", P .. "shares", ARGV[at + 1]) == 1 then
        return { "CHANGED" }
    end
    before[i] = now
end
local changed = {}
for i = 0, count - 1 do
    local records, times, at = KEYS[4 + i * 2], KEYS[5 + i * 2], HEAD + i * EACH
    local id, op, json, time, family = ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4], ARGV[at + 6]
    local after = op == "set" and json
    if family == "community" or family == "notice" or family == "together" then
        -- what others have seen: only that it was
        changed[#changed + 1] = { family = family, id = "-", now = "-" }
    elseif before[i] ~= after then
        changed[#changed + 1] = { family = family, id = id, was = before[i] or nil,
            was_ms = before[i] and redis.call("ZSCORE", times, id) or nil,
            now = after and redis.sha1hex(after) or "" }
    end
    if index_rules[family] then
        index_change(family, records, times, id, after, time)
    end
    if op == "del" then
        redis.call("HDEL", records, id)
        redis.call("ZREM", times, id)
    else
        redis.call("HSET", records, id, json)
        redis.call("ZADD", times, time, id)
        redis.call("SADD", KEYS[3], family)
    end
end
if ARGV[7] == "purge" then
    change_forget(changed)
else
    change_note({ tool = ARGV[5], session = ARGV[6], act = ARGV[7],
        of = ARGV[8] ~= "" and ARGV[8] or nil, group = ARGV[9] ~= "" and ARGV[9] or nil }, changed)
end
if ARGV[HEAD + count * EACH + 1] then
    alert(HEAD + count * EACH + 1)
end
if life > 0 then
    redis.call("SET", KEYS[2], ARGV[3], "PX", life)
end
return { "OK" }
