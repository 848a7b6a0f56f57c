-- SPDX-License-Identifier: BSD-2-Clause
--include lib_inbox.lua
-- What a user has used, and each API key of the user: hashes usage_key(WINDOW), a day's and a month's
-- (UTC, by Redis' clock), with a field for each of USAGE, and KEY/FIELD for each key. The same of the
-- site, behind the shared prefix. Hash limits_key(): what `turnpike limits` has set over the limits
-- that a caller brings. Twin: store/usage.c.
-- micros: money, micro-dollars; assumed: the same for models without a price; unpriced: their tokens.
local usage = {}
do -- of a script's 200 local variables this takes one

local USAGE = {'tokens', 'micros', 'assumed', 'unpriced'}
local LIMITS = {'turns', 'messages', 'tokens_day', 'tokens_month', 'money_day', 'money_month', 'bytes'}
local USAGE_MAX = 9000000000000000 -- Lua counts exactly up to there
local USAGE_WARN = 80 -- percent
local MINUTE, DAY = 60000, 86400000
local USAGE_KEEP = {day = 8 * DAY, month = 62 * DAY}
local NOTICES_MAX, NOTICES_KEEP = 1000, 30 * DAY -- INBOX_MAX, INBOX_KEEP_MS

local function civil(days) -- of a day since 1970: year, month, day of the month
    local z = days + 719468
    local era = math.floor(z / 146097)
    local doe = z - era * 146097
    local yoe = math.floor((doe - math.floor(doe / 1460) + math.floor(doe / 36524) -
        math.floor(doe / 146096)) / 365)
    local doy = doe - (365 * yoe + math.floor(yoe / 4) - math.floor(yoe / 100))
    local mp = math.floor((5 * doy + 2) / 153)
    local m = mp < 10 and mp + 3 or mp - 9
    return yoe + era * 400 + (m <= 2 and 1 or 0), m, doy - math.floor((153 * mp + 2) / 5) + 1
end

-- The day and the month of a moment: key, milliseconds until the end.
function usage.windows(now)
    local today = math.floor(now / DAY)
    local y, m, d = civil(today)
    local ahead = 32 - d -- lies in the next month
    local _, _, behind = civil(today + ahead)
    local name = string.format('%04d-%02d', y, m)
    return {day = {key = usage_key(string.format('%s-%02d', name, d)), left = (today + 1) * DAY - now},
        month = {key = usage_key(name), left = (today + ahead - behind + 1) * DAY - now}}
end

-- Limits by word: those of the text, in the order of LIMITS, under what is set for `who`.
function usage.limits(text, who, set)
    local out, i = {}, 0
    for value in string.gmatch(text, '%d+') do
        i = i + 1
        out[LIMITS[i]] = tonumber(set[who .. LIMITS[i]] or value)
    end
    return out
end

-- Whose turn it is: the API key's id ('' = none), the limits of the user and of that key.
function usage.account(key, user, of_key)
    local set, all = {}, redis.call('HGETALL', limits_key())
    for i = 1, #all, 2 do
        set[all[i]] = all[i + 1]
    end
    return {key = key, user = usage.limits(user, '', set),
        of_key = key ~= '' and usage.limits(of_key, key .. '/', set) or {}}
end

function usage.parts(account)
    return {{'user', account.user, ''}, {'key', account.of_key, account.key .. '/'}}
end

function usage.read(window, who)
    local f = redis.call('HMGET', window.key, who .. 'tokens', who .. 'micros', who .. 'assumed')
    return {tokens = tonumber(f[1] or 0), money = tonumber(f[2] or 0) + tonumber(f[3] or 0)}
end

-- Calls fn(scope, name, limit, used, window) for each limit of tokens and money, the longest windows
-- first, until it returns something; returns that.
function usage.each(account, windows, fn)
    for _, part in ipairs(usage.parts(account)) do
        for _, span in ipairs({'month', 'day'}) do
            local used
            for _, kind in ipairs({'tokens', 'money'}) do
                local name = kind .. '_' .. span
                local limit = part[2][name] or 0
                if limit > 0 then
                    used = used or usage.read(windows[span], part[3])
                    local found = fn(part[1], name, limit, used[kind], windows[span])
                    if found then
                        return found
                    end
                end
            end
        end
    end
end

-- The limit that is used up: {scope, name, limit, used, milliseconds until it begins anew}, or nil.
function usage.over(account, now)
    return usage.each(account, usage.windows(now), function(scope, name, limit, used, window)
        return used >= limit and {scope, name, int(limit), int(used), int(window.left)} or nil
    end)
end

-- One more of a field of a window; stops at USAGE_MAX.
function usage.count(key, field, more)
    local n = redis.pcall('HINCRBY', key, field, int(more))
    if type(n) == 'table' or n > USAGE_MAX then
        redis.call('HSET', key, field, int(USAGE_MAX))
    end
end

-- As GET /usage has it: money in dollars.
local function amount(name, n)
    if string.sub(name, 1, 5) ~= 'money' then
        return int(n)
    end
    return (string.gsub(string.format('%.6f', n / 1000000), '(%.%d%d%d-)0+$', '%1'))
end

-- Once a window and limit.
function usage.warn(account, now, windows)
    usage.each(account, windows, function(scope, name, limit, used, window)
        if used * 100 < limit * USAGE_WARN or
            redis.call('HSETNX', window.key, 'warned/' .. (scope == 'key' and account.key or scope) .. '/' .. name, '1') == 0 then
            return nil
        end
        local ends = int(now + window.left)
        local text = 'You have used ' .. USAGE_WARN .. ' % or more of what you may use in this ' ..
            (string.find(name, '_day', 1, true) and 'day' or 'month') .. '.'
        local alert = string.format('{"type":"limit_warning","priority":"medium","message":"%s",' ..
            '"scope":"%s","name":"%s","unit":"%s","threshold":%d,"limit":%s,"used":%s,' ..
            '"resets_at_ms":%s}', text, scope, name, string.sub(name, 1, 5) == 'money' and 'usd' or 'tokens',
            USAGE_WARN, amount(name, limit), amount(name, used), ends)
        inbox_put('{"type":"proactive_alert","message":"' .. text .. '","timestamp":' .. int(now) ..
            ',"alert":' .. alert .. '}', '', NOTICES_MAX, NOTICES_KEEP)
        return nil
    end)
end

-- What a turn has used by now, a number for each of USAGE: what of it has not been counted yet is
-- counted. t: the turn's key, whose hash says how much has been.
function usage.add(t, spent, account, now)
    local has, windows, i = redis.call('HMGET', t, unpack(USAGE)), nil, 0
    for value in string.gmatch(spent, '%d+') do
        i = i + 1
        local more = tonumber(value) - tonumber(has[i] or 0)
        if more > 0 then
            windows = windows or usage.windows(now)
            redis.call('HSET', t, USAGE[i], value)
            for _, window in pairs(windows) do
                usage.count(window.key, USAGE[i], more)
                if account.key ~= '' then
                    usage.count(window.key, account.key .. '/' .. USAGE[i], more)
                end
            end
        end
    end
    if windows then
        for span, window in pairs(windows) do
            redis.call('PEXPIRE', window.key, USAGE_KEEP[span])
        end
        if redis.call('PTTL', limits_key()) > 0 then -- behind an erasure they end with what was used
            redis.call('PEXPIRE', limits_key(), USAGE_KEEP.month)
        end
        usage.warn(account, now, windows)
    end
end

-- Counts one message in the minute's window of the user and of the key: {count, milliseconds left} of
-- the fuller one, its limit and scope; over: whether it is one too many. Limits of 0 count nothing.
function usage.message(account)
    local out = {count = 0, left = 0, limit = 0, scope = 'user', over = false}
    for _, part in ipairs(usage.parts(account)) do
        local limit = part[2].messages or 0
        if limit > 0 then
            local key = rate_key('chat' .. (part[1] == 'key' and ':' .. account.key or ''))
            local n, left = redis.call('INCR', key), redis.call('PTTL', key)
            if left < 0 then
                redis.call('PEXPIRE', key, MINUTE)
                left = MINUTE
            end
            if out.limit == 0 or limit - n < out.limit - out.count then
                out = {count = n, left = left, limit = limit, scope = part[1], over = n > limit}
            end
        end
    end
    return out
end

usage.FIELDS, usage.WARN, usage.KEEP, usage.MINUTE = USAGE, USAGE_WARN, USAGE_KEEP, MINUTE

end
