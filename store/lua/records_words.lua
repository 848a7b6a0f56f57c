-- SPDX-License-Identifier: BSD-2-Clause
-- Words of a family that may be meant by words said: those that begin with it, and those that begin
-- with its first letter (all, when there are few). KEYS: records hash, time index. ARGV: family, most,
-- words said. Answer: {"OK", word...} or {"INCOMPLETE"}
--include lib_index.lua
if not index_ready(ARGV[1], KEYS[1], KEYS[2]) then
    return { 'INCOMPLETE' }
end
local words, most = KEYS[1] .. ':words', tonumber(ARGV[2])
if redis.call('ZCARD', words) <= most then
    local answer = redis.call('ZRANGE', words, 0, -1)
    table.insert(answer, 1, 'OK')
    return answer
end
local answer, there = { 'OK' }, {}
local function add(word)
    if not there[word] then
        there[word] = true
        answer[#answer + 1] = word
    end
end
for i = 3, #ARGV do
    local said = ARGV[i]
    for length = math.max(4, #said - 2), #said do -- a shorter form of it
        local part = string.sub(said, 1, length)
        if redis.call('ZSCORE', words, part) then
            add(part)
        end
    end
    if redis.call('ZSCORE', words, said) then
        add(said)
    end
    local found = 0
    if #said >= 3 then
        local like = redis.call('ZRANGEBYLEX', words, '[' .. said, '(' .. said .. '\255', 'LIMIT', 0, 20)
        found = #like
        for _, word in ipairs(like) do
            add(word)
        end
    end
    if found == 0 and #said >= 5 then -- a slip of the finger
        local first = string.sub(said, 1, 2)
        for _, word in ipairs(redis.call('ZRANGEBYLEX', words, '[' .. first, '(' .. first .. '\255',
            'LIMIT', 0, most)) do
            add(word)
        end
    end
end
return answer
