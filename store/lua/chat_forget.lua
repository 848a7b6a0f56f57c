-- SPDX-License-Identifier: BSD-2-Clause
--include lib_keys.lua
--include lib_find.lua
-- Member ARGV[2] of the chat ARGV[1] is erased: what that one wrote stays as a message of nobody without its
-- words. What was made of it goes: summaries, words for the search. The turns of that one which wait: their
-- messages have not joined yet.
local STEP = 200
local sid, uid = ARGV[1], ARGV[2]
local list = messages_of(session_key(sid))
local count, changed = redis.call('LLEN', list), false

local function without_words(text)
    if not string.find(text, '"author":', 1, true) then
        return text
    end
    local ok, m = pcall(cjson.decode, text)
    if not ok or type(m) ~= 'table' or type(m.author) ~= 'table' or m.author.id ~= uid then
        return text
    end
    changed = true
    return '{"id":' .. cjson.encode(m.id) .. ',"role":"user","content":"[erased]","name":"A former member",' ..
        '"author":{"id":"::erased","name":"A former member"}}'
end

-- Each page goes from the list's begin to its end, so that all come in their order again.
for from = 0, count - 1, STEP do
    local page = redis.call('LRANGE', list, 0, math.min(STEP, count - from) - 1)
    for i = 1, #page do
        page[i] = without_words(page[i])
    end
    redis.call('RPUSH', list, unpack(page))
    redis.call('LTRIM', list, #page, -1)
end
if changed then
    redis.call('UNLINK', summaries_key(sid))
    find_forget(sid)
end
local out, actor = {}, '"actor":' .. cjson.encode(uid) .. ','
for _, turn in ipairs(redis.call('LRANGE', queue_of(session_key(sid)), 0, -1)) do
    if string.find(redis.call('HGET', turn_key(turn), 'input') or '', actor, 1, true) then
        out[#out + 1] = turn
    end
end
return out
