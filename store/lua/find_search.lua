--include lib_keys.lua
--include lib_chat.lua
--include lib_summary.lua
--include lib_find.lua
-- A page of the sessions that have all words, newest first. ARGV: how many, before (score, sid),
-- '1' pinned ones alone, '0' others, most sessions to look at, then words: 'w' and a word, or 'p' and
-- its beginning. {more, score, sid (where the next page begins), {sid, title, created, updated,
-- messages, run, pinned, the message with most of the words or ''}...}
local limit, before, before_sid = tonumber(ARGV[1]), ARGV[2], ARGV[3]
local pinned, most = ARGV[4], tonumber(ARGV[5])
local SPELLINGS, SPELLINGS_KEPT, MESSAGE_BYTES = 100, 20, 131072
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
    local text = best and best > lost and redis.call('LINDEX', messages_of(s), int(best - lost - 1))
    return text and #text <= MESSAGE_BYTES and text or ''
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
        row[8] = message_of(sid)
        out[#out + 1] = row
    elseif all and not row then
        redis.call('SADD', find_due_key(), sid)
    end
    out[2], out[3] = int(scores[sid]), sid
end
if horizon >= 0 and out[2] ~= '' then
    out[1] = 1
end
return out
