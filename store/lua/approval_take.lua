-- SPDX-License-Identifier: BSD-2-Clause
--include lib_approval.lua
-- What a session's turn does with the calls that were left open: each answer is used once, by this
-- turn; what nobody answered is abandoned. Again for the same turn: the same.
-- ARGV: session, turn, epoch. {'fenced'} or {'ok', then per call: id, call, tool, decision, arguments,
-- hash, whether the arguments are the user's, zone, what the user was asked, and of a question of a
-- service: what the call goes on with, what the user filled in}
local sid, turn, epoch = ARGV[1], ARGV[2], ARGV[3]
if redis.call('HGET', session_key(sid), 'epoch') ~= epoch then
    return {'fenced'}
end
local now = now_ms()
local out = {'ok'}
local ids = redis.call('HGETALL', approvals_key(sid))
for i = 1, #ids, 2 do
    local call, a = ids[i], load(ids[i + 1])
    if not a or (a.taken ~= '' and a.taken ~= turn) then
        redis.call('HDEL', approvals_key(sid), call)
    elseif a.asked ~= turn then
        local state = state_of(a, now)
        local cell = NEXT[state].take
        if cell[2] then
            redis.call('HSET', approval_key(a.id), 'state', cell[2], 'taken', turn)
            redis.call('HDEL', approval_key(a.id), 'input') -- nobody goes on from it any more
            redis.call('ZREM', LIST, a.id)
        end
        if cell[1] ~= 'wait' and cell[1] ~= 'gone' then
            local own = a.run_args and a.run_args ~= ''
            local long = redis.call('HMGET', approval_key(a.id), 'resume', 'content')
            -- The service is told that the user has put its question aside.
            local decision = state == 'declined' and (long[1] or '') ~= '' and 'dismissed' or cell[1]
            for _, v in ipairs({a.id, call, a.tool, decision, own and a.run_args or a.args,
                own and a.run_hash or a.hash, own and 1 or 0, a.zone, a.message or '',
                long[1] or '', long[2] or ''}) do
                out[#out + 1] = v
            end
        end
    end
end
return out
