-- SPDX-License-Identifier: BSD-2-Clause
--include lib_keys.lua
--include lib_summary.lua
--include lib_find.lua
-- Takes in what a session has said since, if it is as find_due.lua told. ARGV: sid, last activity,
-- messages ever, messages in (-1 = all anew), side, keep.sessions, most words of a session, then pairs
-- of word and number. 1, or 0: it has changed meanwhile.
local sid, score, total, from, side = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]
local keep, most = ARGV[6], tonumber(ARGV[7])
local s, list = session_key(sid), find_session_key(sid)
local ever, lost = messages_ever(s)
if redis.call('ZSCORE', P .. 'sessions', sid) ~= score or ever ~= total or
    redis.call('EXISTS', find_key()) == 0 then
    return 0
end
if from >= 0 and tonumber(redis.call('HGET', list, '#n') or -1) ~= from then
    return 0
end
if from < 0 then
    find_forget(sid)
end
local new = {}
for i = 8, #ARGV, 2 do
    new[ARGV[i]] = tonumber(ARGV[i + 1])
end
-- What of the old words still stands somewhere: the messages of some are not stored any more.
local all, before = {}, 0
local held = redis.call('HGETALL', list)
for i = 1, #held, 2 do
    local word, number = held[i], tonumber(held[i + 1])
    if find_is_word(word) then
        before = before + 1
        if number > lost or new[word] then
            all[word] = math.max(number, new[word] or 0)
        else
            find_drop(word, sid)
            redis.call('HDEL', list, word)
        end
    end
end
local fresh = {}
for word, number in pairs(new) do
    if not all[word] then
        fresh[#fresh + 1] = word
        all[word] = number
    elseif number > 0 then
        all[word] = number
    end
end
local words = {}
for word in pairs(all) do
    words[#words + 1] = word
end
-- Words of the title stay, then those said last.
if #words > most then
    table.sort(words, function(a, b)
        local x, y = all[a], all[b]
        if (new[a] == 0) ~= (new[b] == 0) then
            return new[a] == 0
        end
        return x > y or (x == y and a < b)
    end)
    for i = #words, most + 1, -1 do
        find_drop(words[i], sid)
        redis.call('HDEL', list, words[i])
        all[words[i]] = nil
        words[i] = nil
    end
end
local fields, names = {}, {}
for _, word in ipairs(words) do
    local key = find_word_key(word)
    redis.call('ZADD', key, score, sid)
    redis.call('PEXPIRE', key, keep)
    if new[word] then
        fields[#fields + 1] = word
        fields[#fields + 1] = int(all[word])
    end
end
for _, word in ipairs(fresh) do
    if all[word] then
        names[#names + 1] = '0'
        names[#names + 1] = word
    end
end
for i = 1, #fields, 400 do
    redis.call('HSET', list, unpack(fields, i, math.min(i + 399, #fields)))
end
for i = 1, #names, 400 do
    redis.call('ZADD', find_words_key(), unpack(names, i, math.min(i + 399, #names)))
end
redis.call('HSET', list, '#n', int(total), '#last',
    redis.sha1hex(total > lost and redis.call('LINDEX', messages_of(s), -1) or ''))
redis.call('PEXPIRE', list, keep)
redis.call('ZADD', find_sessions_key(), score, sid)
redis.call('SREM', find_due_key(), sid)
if side == 'new' or side == 'old' then
    redis.call('HSET', find_key(), side, score)
end
redis.call('HINCRBY', find_key(), 'count', #words - before)
redis.call('HSET', find_counts_key(), sid, #words)
for _, key in ipairs({find_sessions_key(), find_counts_key(), find_words_key()}) do
    redis.call('PEXPIRE', key, keep)
end
return 1
