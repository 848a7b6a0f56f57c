-- SPDX-License-Identifier: BSD-2-Clause
-- Writes records, their time index and the effect's mark, or nothing.
-- KEYS: session hash, effect mark, set of families, then per write: records hash, time index. A
--       key that is not needed is the first record hash again.
-- ARGV: epoch ("" = no fence), mark's life in ms (0 = no mark), result, must_exist (1 or 0),
--       then per write: id, op (set or del), JSON, time in ms, seen ("" = any), family,
--       then for an alert: field of the sums of expenses, mark, limit, life of the mark, entries of the
--       inbox, their life, n, n spans, then per threshold, the highest first: percent, event
-- Answer: {"OK"}, {"PRIOR", result}, {"FENCED"}, {"MISSING"}, {"CHANGED"}
--include lib_index.lua
--include lib_inbox.lua
-- What is spent now, against the limit: the highest threshold that is reached and was not told.
local function alert(at)
    local field, mark, limit = ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 2])
    local spent, told, spans = 0, false, tonumber(ARGV[at + 6])
    for i = at + 7, at + 6 + spans do
        spent = spent + (redis.call("HGET", P .. "r:expense:sum:" .. ARGV[i], field) or 0)
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
local count = math.floor((#KEYS - 3) / 2) -- in a cluster there is one key more
for i = 0, count - 1 do
    local id, seen = ARGV[5 + i * 6], ARGV[9 + i * 6]
    local now = redis.call("HGET", KEYS[4 + i * 2], id)
    if ARGV[4] == "1" and not now then
        return { "MISSING" }
    end
    if seen ~= "" and now ~= seen then
        return { "CHANGED" }
    end
end
for i = 0, count - 1 do
    local records, times = KEYS[4 + i * 2], KEYS[5 + i * 2]
    local id, op, json, time = ARGV[5 + i * 6], ARGV[6 + i * 6], ARGV[7 + i * 6], ARGV[8 + i * 6]
    local family = ARGV[10 + i * 6]
    if index_rules[family] then
        index_change(family, records, times, id, op == "set" and json, time)
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
if ARGV[5 + count * 6] then
    alert(5 + count * 6)
end
if life > 0 then
    redis.call("SET", KEYS[2], ARGV[3], "PX", life)
end
return { "OK" }
