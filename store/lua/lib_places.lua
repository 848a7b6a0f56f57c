--include lib_log.lua
-- Places: how many turns of one user run at once. P .. 'running' (set) has every turn that has
-- begun and not ended, P .. 'places' (sorted set, by time) those that wait for a place. What counts
-- is each turn's own lease, so a worker or a machine that dies leaves nothing counted.

local function running_of_user(now)
    local turns, count = redis.call('SMEMBERS', P .. 'running'), 0
    for i = 1, #turns do
        local f = redis.call('HMGET', turn_key(turns[i]), 'state', 'lease', 'ended')
        if f[1] == 'running' and tonumber(f[2] or 0) > now then
            count = count + 1
        elseif not f[1] or f[3] then
            redis.call('SREM', P .. 'running', turns[i])
        end
    end
    return count
end

-- user_max 0 = any.
local function user_is_full(now, user_max)
    return user_max > 0 and running_of_user(now) >= user_max
end
