-- SPDX-License-Identifier: BSD-2-Clause
-- An answer that a user got of a model: KEYS[1] its place; ARGV its name, the user's mark, its life
-- (ms), how many users must have asked before others get it, the answer as JSON, the mark of a drop
-- that the turn has seen there before it asked ("" = none). The first answer stays, with the marks of
-- those who asked. Returns how many they are; 0: another answer, which is told to others, has the
-- place, or one was dropped since.
local key, name, mark, life, need = KEYS[1], ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local SIZE = #mark
local there = redis.pcall('HMGET', key, 'd', 'u', 'g') -- what is no hash has the place of none
there = there.err and {} or there
local marks = there[2] or ''

local function known()
    for at = 1, #marks, SIZE do
        if string.sub(marks, at, at + SIZE - 1) == mark then
            return true
        end
    end
    return false
end

if there[3] and there[3] ~= ARGV[6] then
    return 0
end
if there[1] == name then
    if #marks / SIZE < need and not known() then
        marks = marks .. mark
        redis.call('HSET', key, 'u', marks)
    end
    return #marks / SIZE
end
if there[1] and #marks / SIZE >= need then
    return 0
end
redis.call('DEL', key)
redis.call('HSET', key, 'd', name, 'u', mark, 'j', ARGV[5])
if there[3] then
    redis.call('HSET', key, 'g', there[3])
end
redis.call('PEXPIRE', key, life)
return 1
