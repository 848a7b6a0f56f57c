-- Sums of a money family beside its records: hash RECORDS:sums:DAY and RECORDS:sums:MONTH with the
-- fields "s CURRENCY CATEGORY" (amount) and "c CURRENCY CATEGORY" (count); RECORDS:sums:keys, the set
-- of those spans; RECORDS:sums, up to which time of the index the records are counted ("inf" =
-- all, absent = the sums were never made).
local function sums_add(records, json, sign)
    local ok, doc = pcall(cjson.decode, json)
    if not ok or type(doc) ~= 'table' or type(doc.amount_minor) ~= 'number'
        or type(doc.date) ~= 'string' or #doc.date < 10 then
        return
    end
    local name = tostring(doc.currency) .. ' ' .. tostring(doc.category)
    local amount = string.format('%.0f', sign * doc.amount_minor)
    for _, length in ipairs({ 7, 10 }) do
        local span = string.sub(doc.date, 1, length)
        local key = records .. ':sums:' .. span
        redis.call('HINCRBY', key, 's ' .. name, amount)
        if redis.call('HINCRBY', key, 'c ' .. name, sign) <= 0 then
            redis.call('HDEL', key, 's ' .. name, 'c ' .. name)
        end
        if sign > 0 then
            redis.call('SADD', records .. ':sums:keys', span)
        end
    end
end

local function sums_drop(records)
    for _, span in ipairs(redis.call('SMEMBERS', records .. ':sums:keys')) do
        redis.call('DEL', records .. ':sums:' .. span)
    end
    redis.call('DEL', records .. ':sums', records .. ':sums:keys')
end

-- Before a record is set (json) or deleted (false): what is not counted yet stays uncounted.
local function sums_change(records, times, id, json, time)
    local reach = redis.call('GET', records .. ':sums')
    if not reach then
        if redis.call('ZCARD', times) > 0 then
            return
        end
        reach = 'inf'
        redis.call('SET', records .. ':sums', reach)
    end
    local function counted(score)
        return reach == 'inf' or tonumber(score) <= tonumber(reach)
    end
    local before = redis.call('HGET', records, id)
    local score = redis.call('ZSCORE', times, id)
    if before and score and counted(score) then
        sums_add(records, before, -1)
    end
    if json and counted(time) then
        sums_add(records, json, 1)
    end
end
