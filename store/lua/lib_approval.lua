-- SPDX-License-Identifier: BSD-2-Clause
--include lib_keys.lua
-- Approvals: hash tp:{UID}:approval:ID; sorted set tp:{UID}:approvals, open ones by their end;
-- hash tp:{UID}:approvals:SID, tool call -> approval, of a session's calls that have no result yet.
local LIST = P .. 'approvals'

-- A question of a service (why 'elicitation') is one too: `form` is what it asks, `resume` what the call
-- goes on with, `content` what the user filled in. With `live` (its session's epoch) the call waits for
-- it in its worker: it counts while its turn runs under that epoch, and no later turn takes it.

-- What each event does in each state: {outcome, state after}. 'asked': its turn has not ended yet.
-- 'void': its turn ended otherwise. 'lapsed': open, but its time is over. `take`: the session's next
-- turn wants to know what to do with the call.
local NEXT = {
    asked = {approve = {'missing'}, deny = {'missing'}, decline = {'missing'}, take = {'wait'}},
    open = {approve = {'done', 'approved'}, deny = {'done', 'denied'},
        decline = {'done', 'declined'}, take = {'cancelled', 'cancelled'}},
    lapsed = {approve = {'expired'}, deny = {'expired'}, decline = {'done', 'declined'},
        take = {'expired', 'expired'}},
    void = {approve = {'cancelled'}, deny = {'cancelled'}, decline = {'cancelled'},
        take = {'gone', 'cancelled'}},
    approved = {approve = {'same'}, deny = {'used'}, decline = {'used'}, take = {'approved', 'approved'}},
    denied = {approve = {'used'}, deny = {'same'}, decline = {'used'}, take = {'denied', 'denied'}},
    declined = {approve = {'used'}, deny = {'used'}, decline = {'same'},
        take = {'cancelled', 'declined'}},
    cancelled = {approve = {'cancelled'}, deny = {'cancelled'}, decline = {'cancelled'},
        take = {'cancelled', 'cancelled'}},
    expired = {approve = {'expired'}, deny = {'expired'}, decline = {'expired'},
        take = {'expired', 'expired'}},
}

-- All but its `input`, `preview`, `form`, `resume` and `content`, which may be long.
local FIELDS = {'state', 'session', 'asked', 'call', 'tool', 'args', 'hash', 'message', 'why', 'created',
    'expires', 'zone', 'answer', 'run_args', 'run_hash', 'turn', 'taken', 'live'}

local function load(id)
    local values = redis.call('HMGET', approval_key(id), unpack(FIELDS))
    if not values[1] then
        return false
    end
    local a = {id = id}
    for i, name in ipairs(FIELDS) do
        a[name] = values[i] or nil
    end
    return a
end

local function is_live(a)
    return (a.live or '') ~= ''
end

local function state_of(a, now)
    if a.state ~= 'open' then
        return a.state
    end
    if is_live(a) then
        if redis.call('HGET', turn_key(a.asked), 'state') ~= 'running' or
            redis.call('HGET', session_key(a.session), 'epoch') ~= a.live then
            return 'void'
        end
    elseif a.session ~= '' then
        local turn = redis.call('HGET', turn_key(a.asked), 'state')
        if turn == 'running' or turn == 'pending' then
            return 'asked'
        end
        if turn ~= 'interrupted' then
            return 'void'
        end
    end
    return tonumber(a.expires) <= now and 'lapsed' or 'open'
end
