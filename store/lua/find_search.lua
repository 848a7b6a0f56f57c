-- SPDX-License-Identifier: BSD-2-Clause
--include lib_keys.lua
--include lib_chat.lua
--include lib_summary.lua
--include lib_find.lua
-- A page of the sessions that have all words, newest first. ARGV: how many, before (score, sid),
-- '1' pinned ones alone, '0' others, most sessions to look at, then words: 'w' and a word, or 'p' and
-- its beginning. {more, score, sid (where the next page begins), {sid, title, created, updated,
-- messages, run, pinned, the message with most of the words or ''}...}. Of MESSAGES sessions alone,
-- and of a long message a part alone, as an object of id, role and content.
local limit, before, before_sid = tonumber(ARGV[1]), ARGV[2], ARGV[3]
local pinned, most = ARGV[4], tonumber(ARGV[5])
local SPELLINGS, SPELLINGS_KEPT = 100, 20
local MESSAGES, MESSAGE_BYTES, PART_BYTES = 20, 32768, 8192
local out = {0, '', ''}

-- The words that may be meant: of many that begin like this those of most sessions.
local function meant(kind, text)
    local words = kind == 'p' and redis.call('ZRANGEBYLEX', find_words_key(), '[' .. text,
        '(' .. text .. '\255', 'LIMIT', 0, SPELLINGS) or {text}
    local group = {total = 0}
    for _, word in ipairs(words) do
        local n = redis.call('ZCARD', find_word_key(word))
        if n > 0 then
            group[#group + 1] = {word = word, n = n, key = find_word_key(word)}
        elseif kind == 'p' then
            redis.call('ZREM', find_words_key(), word)
        end
    end
    table.sort(group, function(a, b)
        if (a.word == text) ~= (b.word == text) then
            return a.word == text
        end
        return a.n > b.n or (a.n == b.n and a.word < b.word)
    end)
    for i = #group, SPELLINGS_KEPT + 1, -1 do
        group[i] = nil
    end
    for _, one in ipairs(group) do
        group.total = group.total + one.n
    end
    return group
end
local groups = {}
for i = 6, #ARGV, 2 do
    local group = meant(ARGV[i], ARGV[i + 1])
    if #group == 0 then
        return out
    end
    groups[#groups + 1] = group
end
table.sort(groups, function(a, b) return a.total < b.total end)

-- The sessions of the rarest word, newest first; below `horizon` not all are known.
local function candidates(group)
    local found, ids, horizon = {}, {}, -1
    local each = math.ceil(most / #group)
    for _, one in ipairs(group) do
        local page = redis.call('ZREVRANGEBYSCORE', one.key, before, '-inf', 'WITHSCORES', 'LIMIT', 0, each)
        for i = 1, #page, 2 do
            local score = tonumber(page[i + 1])
            if not found[page[i]] and not (page[i + 1] == before and page[i] >= before_sid) then
                ids[#ids + 1] = page[i]
            end
            found[page[i]] = score
        end
        if #page == 2 * each then
            horizon = math.max(horizon, tonumber(page[#page]))
        end
    end
    table.sort(ids, function(a, b)
        return found[a] > found[b] or (found[a] == found[b] and a > b)
    end)
    return ids, found, horizon
end

local function has(group, sid)
    for _, one in ipairs(group) do
        if redis.call('ZSCORE', one.key, sid) then
            return true
        end
    end
    return false
end

-- Where this very word begins in the text, or nil. A letter in front of it may be that of an escape
-- (\n).
local function spelling_at(word, text)
    local at, to = 1, nil
    repeat
        at, to = string.find(text, word, to and to + 1 or 1, true)
        local front = at and string.sub(text, at - 2, at - 1) or ''
        if at and not string.find(string.sub(text, to + 1, to + 1), '%w') and
            (not string.find(front, '%w$') or string.find(front, '^\\[nrt]')) then
            return at
        end
    until not at
    return nil
end

-- The same of a word in small letters. To write all of a long text in these takes longer.
local function place_of(word, text)
    return spelling_at(word, text) or
        spelling_at(string.upper(string.sub(word, 1, 1)) .. string.sub(word, 2), text) or
        spelling_at(string.upper(word), text)
end

-- Where the text of a message ends: at its first quote that no backslash escapes.
local function end_of(text)
    local at = string.find(text, '["\\]')
    while at and string.sub(text, at, at) == '\\' do
        at = string.find(text, '["\\]', at + 2)
    end
    return at and at - 1 or #text
end

-- A part of a long message: around the first of the words that stands in plain letters, else its
-- beginning. '' when it is no text alone.
local function part_of(text, words)
    local _, head = string.find(text, '^{"id":"[^"\\]*","role":"%a+","content":"')
    if not head then
        return ''
    end
    local from, size = head + 1, MESSAGE_BYTES
    for _, word in ipairs(words) do
        local at = place_of(word, text)
        if at then
            local blank = string.find(text, ' ', math.max(at - PART_BYTES / 2, head), true)
            if at - head > PART_BYTES / 2 and blank and blank < at then
                from = blank + 1
            end
            size = at - from + PART_BYTES / 2
            break
        end
    end
    size = math.min(size, MESSAGE_BYTES)
    local part = string.sub(text, from, from + size - 1)
    part = string.sub(part, 1, end_of(part))
    -- No half of a character nor of an escape, of which two may make one character.
    local tail = string.sub(part, -24)
    part = string.sub(part, 1, -25)
    tail = string.gsub(tail, '\\+[^\\]?[^\\]?[^\\]?[^\\]?[^\\]?$', '')
    tail = string.gsub(tail, '\\+u[dD][89aAbB]%x%x$', '')
    tail = string.gsub(tail, '[\192-\255]?[\128-\191]*$', '')
    return string.sub(text, 1, head) .. part .. tail .. '"}'
end

-- The message that has most of the words, the latest of those.
local function message_of(sid)
    local counts, best = {}, nil
    for _, group in ipairs(groups) do
        local mine = {}
        for _, one in ipairs(group) do
            local n = tonumber(redis.call('HGET', find_session_key(sid), one.word) or 0)
            if n > 0 and not mine[n] then
                mine[n] = true
                counts[n] = (counts[n] or 0) + 1
            end
        end
    end
    for n, count in pairs(counts) do
        if not best or count > counts[best] or (count == counts[best] and n > best) then
            best = n
        end
    end
    local s = session_key(sid)
    local _, lost = messages_ever(s)
    local text = best and best > lost and redis.call('LINDEX', messages_of(s), int(best - lost - 1)) or ''
    if #text <= MESSAGE_BYTES then
        return text
    end
    local words = {}
    for _, group in ipairs(groups) do
        for _, one in ipairs(group) do
            if redis.call('HGET', find_session_key(sid), one.word) == int(best) then
                words[#words + 1] = one.word
            end
        end
    end
    return part_of(text, words)
end

-- The session is no more, and may have left no list of its words: it leaves those of the question.
local function drop(sid)
    for _, group in ipairs(groups) do
        for _, one in ipairs(group) do
            find_drop(one.word, sid)
        end
    end
    if redis.call('ZSCORE', find_sessions_key(), sid) then
        find_later(sid)
    end
end

local ids, scores, horizon = candidates(groups[1])
for _, sid in ipairs(ids) do
    if scores[sid] < horizon then
        break
    end
    local all = true
    for i = 2, #groups do
        all = all and has(groups[i], sid)
    end
    local row = all and chat_row(sid)
    if row and (pinned == '' or tonumber(pinned) == row[6]) then
        if #out - 3 == limit then
            out[1] = 1
            return out
        end
        table.insert(row, 1, sid)
        row[8] = #out - 3 < MESSAGES and message_of(sid) or ''
        out[#out + 1] = row
    elseif all and not row then
        drop(sid)
    end
    out[2], out[3] = int(scores[sid]), sid
end
if horizon >= 0 and out[2] ~= '' then
    out[1] = 1
end
return out
