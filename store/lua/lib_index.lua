-- SPDX-License-Identifier: BSD-2-Clause
-- Indexes and sums beside a family's records, changed in the script that writes the record.
-- RECORDS:index: hash: version (of the rules), reach (records up to this time are in; "inf" = all),
--     count (records that are in)
-- RECORDS:index:names: set of the names below, to drop them all
-- RECORDS:by:TAG: sorted set id -> time, or what the rule says; a word W is the tag PREFIX .. W
-- RECORDS:words: sorted set of all words that are a tag
-- RECORDS:sum:BUCKET: hash of integers
--include lib_rules.lua
local index_words_most, index_word_size = 60, 31

local function index_drop_name(records, name)
    if redis.call('EXISTS', records .. ':' .. name) == 0 then
        redis.call('SREM', records .. ':index:names', name)
    end
end

-- What a rule may use, for one record; sign: 1 it comes, -1 it goes.
local function index_writer(records, id, time, sign)
    local ix = { records = records, id = id, sign = sign }
    function ix.text(value, other)
        return type(value) == 'string' and string.sub(value, 1, 128) or other
    end
    function ix.put(name, member, score)
        redis.call('ZADD', records .. ':' .. name, score, member)
        if ix.life then
            redis.call('PEXPIRE', records .. ':' .. name, ix.life)
        end
        redis.call('SADD', records .. ':index:names', name)
    end
    function ix.drop(name, member)
        if redis.call('ZREM', records .. ':' .. name, member) == 1 or ix.life then
            index_drop_name(records, name)
        end
    end
    function ix.tag(tag, score)
        if sign > 0 then
            ix.put('by:' .. tag, id, score or time)
        else
            ix.drop('by:' .. tag, id)
        end
    end
    function ix.add(bucket, field, value)
        value = tonumber(value)
        if value == 0 or value ~= value or math.abs(value) >= 2 ^ 53 then
            return
        end
        local name = 'sum:' .. bucket
        if redis.call('HINCRBY', records .. ':' .. name, field, string.format('%.0f', value)) == 0 then
            redis.call('HDEL', records .. ':' .. name, field)
            index_drop_name(records, name)
        else
            redis.call('SADD', records .. ':index:names', name)
        end
    end
    function ix.sum(bucket, field, value)
        ix.add(bucket, field, sign * value)
    end
    -- Amount ("s PREFIX CURRENCY") and how many ("c ...").
    function ix.money(bucket, prefix, doc, key)
        if type(doc[key]) == 'number' and type(doc.currency) == 'string' and #doc.currency == 3 then
            ix.sum(bucket, 's ' .. prefix .. doc.currency, doc[key])
            ix.sum(bucket, 'c ' .. prefix .. doc.currency, 1)
        end
    end
    function ix.words(prefix, text)
        if type(text) ~= 'string' then
            return
        end
        local n, words = 0, records .. ':words'
        for word in string.gmatch(string.lower((string.gsub(text, "'", ''))), '[a-z0-9\128-\255]+') do
            n = n + 1
            if n > index_words_most then
                return
            end
            word = string.sub(word, 1, index_word_size)
            ix.tag(prefix .. word)
            if sign > 0 then
                ix.put('words', word, 0)
            elseif prefix == 'w:' and redis.call('EXISTS', records .. ':by:w:' .. word) == 0 then
                ix.drop('words', word)
            end
        end
    end
    return ix
end

local function index_apply(family, records, id, json, time, sign)
    local ok, doc = pcall(cjson.decode, json)
    if ok and type(doc) == 'table' then
        local ix = index_writer(records, id, time, sign)
        ix.life = index_rules[family].life
        index_rules[family].apply(doc, ix)
    end
end

local function index_state(records)
    local state = redis.call('HMGET', records .. ':index', 'version', 'reach', 'count')
    return { version = state[1], reach = state[2], count = tonumber(state[3] or 0) }
end

-- Does it stand for all records, by these rules?
local function index_ready(family, records, times)
    local state, count = index_state(records), redis.call('ZCARD', times)
    if not state.reach then
        return count == 0
    end
    return state.version == index_rules[family].version and state.reach == 'inf'
        and state.count == count
end

-- Drops a page of what was made. Answer: is there more?
local function index_drop(records)
    redis.call('DEL', records .. ':index', records .. ':sums')
    for _, span in ipairs(redis.call('SPOP', records .. ':sums:keys', 300)) do -- of earlier releases
        redis.call('DEL', records .. ':sums:' .. span)
    end
    for _, name in ipairs(redis.call('SPOP', records .. ':index:names', 300)) do
        redis.call('UNLINK', records .. ':' .. name)
    end
    return redis.call('EXISTS', records .. ':index:names', records .. ':sums:keys') > 0
end

local function index_start(family, records, reach)
    redis.call('HSET', records .. ':index', 'version', index_rules[family].version, 'reach', reach,
        'count', 0)
end

-- Before a record is set (json) or deleted (false): what is not in yet stays out.
local function index_change(family, records, times, id, json, time)
    local changed = index_rules[family].changed
    if changed then
        changed(records, id, redis.call('HGET', records, id), json)
    end
    local state = index_state(records)
    if not state.reach then
        if redis.call('ZCARD', times) > 0
            or redis.call('EXISTS', records .. ':index:names', records .. ':sums:keys') > 0 then
            return
        end
        index_start(family, records, 'inf')
        state = index_state(records)
    elseif state.version ~= index_rules[family].version then
        return
    end
    local function is_in(score)
        return state.reach == 'inf' or tonumber(score) <= tonumber(state.reach)
    end
    local before = redis.call('HGET', records, id)
    local score = redis.call('ZSCORE', times, id)
    local change = 0
    if before and score and is_in(score) then
        index_apply(family, records, id, before, score, -1)
        change = -1
    end
    if json and is_in(time) then
        index_apply(family, records, id, json, time, 1)
        change = change + 1
    end
    if change ~= 0 then
        redis.call('HINCRBY', records .. ':index', 'count', change)
    end
end
