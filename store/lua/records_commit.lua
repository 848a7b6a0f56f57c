-- Writes records, their time index and the effect's mark, or nothing.
-- KEYS: session hash, effect mark, set of families, then per write: records hash, time index. A
--       key that is not needed is the first record hash again.
-- ARGV: epoch ("" = no fence), mark's life in ms (0 = no mark), result, must_exist (1 or 0),
--       then per write: id, op (set or del), JSON, time in ms, seen ("" = any), family, sums (1 or
--       0: the family keeps sums, see lib_sums.lua)
-- Answer: {"OK"}, {"PRIOR", result}, {"FENCED"}, {"MISSING"}, {"CHANGED"}
--include lib_sums.lua
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
local count = (#KEYS - 3) / 2
for i = 0, count - 1 do
    local id, seen = ARGV[5 + i * 7], ARGV[9 + i * 7]
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
    local id, op, json, time = ARGV[5 + i * 7], ARGV[6 + i * 7], ARGV[7 + i * 7], ARGV[8 + i * 7]
    if ARGV[11 + i * 7] == "1" then
        sums_change(records, times, id, op == "set" and json, time)
    end
    if op == "del" then
        redis.call("HDEL", records, id)
        redis.call("ZREM", times, id)
    else
        redis.call("HSET", records, id, json)
        redis.call("ZADD", times, time, id)
        redis.call("SADD", KEYS[3], ARGV[10 + i * 7])
    end
end
if life > 0 then
    redis.call("SET", KEYS[2], ARGV[3], "PX", life)
end
return { "OK" }
