-- SPDX-License-Identifier: BSD-2-Clause
--include lib_log.lua
-- Places: how many turns of one user run at once. P .. 'running' (set) has every turn that has
-- begun and not ended, P .. 'places' (sorted set, by time) those that wait for a place. What counts
-- is each turn's own lease, so a worker or a machine that dies leaves nothing counted.

-- key: only those of this API key, when it is given.
local function running_of_user(now, key)
    local turns, count = redis.call('SMEMBERS', P .. 'running'), 0
    for i = 1, #turns do
        local f = redis.call('HMGET', turn_key(turns[i]), 'state', 'lease', 'ended', 'key')
        if f[1] == 'running' and tonumber(f[2] or 0) > now then
            count = count + ((not key or f[4] == key) and 1 or 0)
        elseif not f[1] or f[3] then
            redis.call('SREM', P .. 'running', turns[i])
        end
    end
    return count
end

-- What holds for the user's turns: what is set for the user, what the turn was accepted under, or else
-- the setting. 0 = any.
local function user_max_of(turn, setting)
    return tonumber(redis.call('HGET', limits_key(), 'turns') or
        redis.call('HGET', turn_key(turn), 'user_max') or setting)
end

-- As many turns run of the API key that it came by as that one may have.
local function key_is_full(now, turn)
    local f = redis.call('HMGET', turn_key(turn), 'key', 'key_max')
    local most = f[1] and tonumber(redis.call('HGET', limits_key(), f[1] .. '/turns') or f[2] or 0) or 0
    return most > 0 and running_of_user(now, f[1]) >= most
end

-- No place for this turn: of its user, or of its key.
local function user_is_full(now, turn, setting)
    local user_max = user_max_of(turn, setting)
    return user_max > 0 and running_of_user(now) >= user_max or key_is_full(now, turn)
end
