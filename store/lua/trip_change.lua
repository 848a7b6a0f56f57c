-- SPDX-License-Identifier: BSD-2-Clause
-- What somebody does with a shared trip, in its owner's slot, and the words to the members with it.
-- ARGV: mark ("" = none), its life in ms, session of the owner ("" = no fence), epoch, actor, trip, roles
-- that may (" owner editor "), title, event, op, then what the op needs.
-- Answer: {"OK" or "PRIOR", text}, {"FENCED"}, {"MISSING"} (also for whoever may not know of it),
-- {"FORBIDDEN"}, {"CHANGED"}, {"FULL", what}, {"MOVING"}
--include lib_trips.lua
local MARK, LIFE, SESSION, EPOCH, ACTOR, TRIP, ROLES, TITLE, EVENT, OP = unpack(ARGV, 1, 10)
local A = function(i) return ARGV[10 + i] end
local mark = P .. 'effect:trip:' .. MARK
local share = share_key(TRIP)

if SESSION ~= '' and redis.call('HGET', session_key(SESSION), 'epoch') ~= EPOCH then
    return { 'FENCED' }
end
local before = MARK ~= '' and redis.call('GET', mark)
if before then
    return { 'PRIOR', before }
end
if not trip_of(TRIP) and OP ~= 'finish' and not (OP == 'drop' and A(1) == ACTOR) then
    return { 'MISSING' }
end

-- The live trip of somebody who may not have one any more.
local function stop_travel(uid)
    local live = redis.call('GET', live_key(TRIP))
    if live and cjson.decode(live).traveller == uid then
        redis.call('DEL', live_key(TRIP))
    end
end

local ops = {}
-- id, digest, role, life, uses, to, most invitations, most shares, code
function ops.invite()
    local now = now_ms()
    share_purge(TRIP)
    if redis.call('SISMEMBER', P .. 'shares', TRIP) == 0
        and redis.call('SCARD', P .. 'shares') >= tonumber(A(8)) then
        return { 'FULL', 'trips' }
    elseif #share_fields(TRIP, 'i ') >= tonumber(A(7)) then
        return { 'FULL', 'invitations' }
    elseif A(6) ~= '-' and (A(6) == user_id() or redis.call('HEXISTS', share, 'm ' .. A(6)) == 1) then
        return { 'FULL', 'member' }
    end
    local expires = int(now + tonumber(A(4)))
    redis.call('SADD', P .. 'shares', TRIP)
    redis.call('HSET', share, 'i ' .. A(1), A(2) .. ' ' .. A(3) .. ' ' .. expires .. ' ' .. A(5) .. ' ' .. A(6))
    if A(6) ~= '-' then
        tell(A(6), TRIP, '-', 'inbox', TITLE, EVENT)
    end
    return { 'OK', A(1) .. ' ' .. A(9) .. ' ' .. expires }
end

-- digest, most members
function ops.join()
    local id, role, expires, uses, to = share_invitation(TRIP, A(1), ACTOR)
    if not id or ACTOR == user_id() then
        return { 'MISSING' }
    elseif redis.call('HEXISTS', share, 'm ' .. ACTOR) == 1 then
        return { 'OK', role_of(TRIP, ACTOR) .. ' already' }
    elseif #share_fields(TRIP, 'm ') >= tonumber(A(2)) then
        return { 'FULL', 'members' }
    end
    if uses <= 1 then
        redis.call('HDEL', share, 'i ' .. id)
    else
        redis.call('HSET', share, 'i ' .. id, A(1) .. ' ' .. role .. ' ' .. expires .. ' ' .. int(uses - 1) .. ' ' .. to)
    end
    redis.call('HSET', share, 'm ' .. ACTOR, role .. ' ' .. int(now_ms()))
    tell_all(TRIP, ACTOR, 'inbox', TITLE, EVENT, { [ACTOR] = role })
    return { 'OK', role }
end

-- digest. An open invitation is left for others.
function ops.decline()
    local id, _, _, _, to = share_invitation(TRIP, A(1), ACTOR)
    if not id then
        return { 'MISSING' }
    elseif to == ACTOR then
        redis.call('HDEL', share, 'i ' .. id)
        tell(user_id(), TRIP, '-', 'inbox', TITLE, EVENT)
        share_tidy(TRIP)
    end
    return { 'OK', '' }
end

-- who
function ops.drop()
    if redis.call('HEXISTS', share, 'm ' .. A(1)) == 0 then
        return { 'CHANGED' }
    end
    tell_all(TRIP, ACTOR, 'inbox', TITLE, EVENT, { [A(1)] = 'none' })
    redis.call('HDEL', share, 'm ' .. A(1))
    if redis.call('HGET', share, 'to') == A(1) then
        redis.call('HDEL', share, 'to')
    end
    stop_travel(A(1))
    share_tidy(TRIP)
    return { 'OK', '' }
end

-- who, role
function ops.role()
    local m = redis.call('HGET', share, 'm ' .. A(1))
    if not m then
        return { 'CHANGED' }
    end
    redis.call('HSET', share, 'm ' .. A(1), A(2) .. ' ' .. string.match(m, '(%d+)$'))
    if A(2) == 'viewer' then
        stop_travel(A(1))
    end
    tell_all(TRIP, ACTOR, 'inbox', TITLE, EVENT, { [A(1)] = A(2) })
    return { 'OK', '' }
end

-- id
function ops.revoke()
    local had = redis.call('HDEL', share, 'i ' .. A(1))
    share_tidy(TRIP)
    return had == 1 and { 'OK', '' } or { 'CHANGED' }
end

-- JSON, the JSON that was read, time
function ops.change()
    if trip_of(TRIP) ~= A(2) then
        return { 'CHANGED' }
    end
    trip_write(TRIP, A(1), A(3))
    tell_all(TRIP, ACTOR, 'change', TITLE, EVENT, {})
    return { 'OK', '' }
end

function ops.finish()
    share_end(TRIP, ACTOR, TITLE, EVENT)
    return { 'OK', '' }
end

-- who, time: the trip goes there with the next delivery
function ops.give()
    if redis.call('HEXISTS', share, 'm ' .. A(1)) == 0 then
        return { 'CHANGED' }
    end
    redis.call('HSET', share, 'to', A(1))
    tell(A(1), TRIP, '-', 'give', TITLE, EVENT)
    return { 'OK', '' }
end

-- JSON of the state ("" = over), the state that was read ("" = none), ends at (ms), mode of the event
function ops.live()
    if (redis.call('GET', live_key(TRIP)) or '') ~= A(2) then
        return { 'CHANGED' }
    elseif A(1) == '' then
        redis.call('DEL', live_key(TRIP))
    else
        redis.call('SET', live_key(TRIP), A(1))
        redis.call('PEXPIREAT', live_key(TRIP), A(3))
    end
    if EVENT ~= '' then
        tell_all(TRIP, ACTOR, A(4), TITLE, EVENT, {})
    end
    return { 'OK', '' }
end

if OP ~= 'join' and OP ~= 'decline' then
    local role = role_of(TRIP, ACTOR)
    if not role then
        return { 'MISSING' }
    elseif not string.find(ROLES, ' ' .. role .. ' ', 1, true) then
        return { 'FORBIDDEN' }
    end
end
if OP ~= 'live' and redis.call('HEXISTS', share, 'to') == 1 then
    return { 'MOVING' }
end
local answer = ops[OP]()
if MARK ~= '' and answer[1] == 'OK' then
    redis.call('SET', mark, answer[2], 'PX', LIFE)
end
return answer
