-- SPDX-License-Identifier: BSD-2-Clause
--include lib_approval.lua
--include lib_notice.lua
-- Answers approvals, all of them or none. mode 'all': every open one of the session has to be there.
-- ARGV: mode, session ('' in mode 'one': its own), turn that goes on with them, life, keep, its first
-- event, input and webhook, number of its messages, they, then per answer: id, event, digest of the
-- answer, arguments that run, their hash, content of a form.
-- {outcome, id} or {'done', turn or '', open ones left, session, '1' for a call that waits in its worker}
local mode, sid, proposal, life = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local keep, messages = tonumber(ARGV[5]), tonumber(ARGV[9])
local now = now_ms()
local answers, answered = {}, {}

-- From here on the turn will come, whatever becomes of the worker that was about to begin it: the
-- hint in front of this call leads a housekeeper to it (turn_claim.lua).
local function record_turn()
    local key = turn_key(proposal)
    redis.call('HSET', key, 'state', 'answered', 'attempt', 0, 'session', sid, 'created', int(now),
        'cmid', '', 'first_event', ARGV[6], 'input', ARGV[7], 'waiting', messages)
    for i = 1, messages do
        redis.call('HSET', key, 'm:' .. i, ARGV[9 + i])
    end
    if ARGV[8] ~= '' then
        redis.call('HSET', key, 'webhook', ARGV[8])
    end
    redis.call('PEXPIRE', key, keep)
end

for i = 10 + messages, #ARGV, 6 do
    local a = load(ARGV[i])
    if not a or (mode == 'all' and (a.session ~= sid or is_live(a))) then
        return {'missing', ARGV[i]}
    end
    local cell = NEXT[state_of(a, now)][ARGV[i + 1]]
    local outcome = cell[1]
    if outcome == 'same' and a.answer ~= ARGV[i + 2] then
        outcome = 'used'
    end
    if outcome ~= 'done' and outcome ~= 'same' then
        return {outcome, ARGV[i]}
    end
    sid = a.session
    answered[a.id] = true
    answers[#answers + 1] = {a = a, new = outcome == 'done' and cell[2], digest = ARGV[i + 2],
        args = ARGV[i + 3], hash = ARGV[i + 4], content = ARGV[i + 5]}
end
local ids = sid ~= '' and redis.call('HVALS', approvals_key(sid)) or {}
local left, turn = 0, ''
for _, id in ipairs(ids) do
    local a = not answered[id] and load(id)
    if a and state_of(a, now) == 'open' then
        if mode == 'all' then
            return {'uncovered', id}
        end
        left = left + 1
    end
end
for _, x in ipairs(answers) do
    turn = x.a.turn or turn
    if x.new then
        redis.call('HSET', approval_key(x.a.id), 'state', x.new, 'answer', x.digest,
            'run_args', x.args, 'run_hash', x.hash, 'content', x.content)
        redis.call('ZREM', LIST, x.a.id)
        if sid == '' then
            redis.call('HSET', approval_key(x.a.id), 'expires', int(now + life))
        end
    end
end
if #answers == 1 and is_live(answers[1].a) then
    notice_answer(sid, answers[1].a.asked)
    return {'done', '', left, sid, '1'}
end
if sid ~= '' and turn == '' and left == 0 then
    turn = proposal
    record_turn()
    for _, id in ipairs(ids) do
        local key = approval_key(id)
        local f = redis.call('HMGET', key, 'answer', 'turn', 'taken')
        if f[1] and not f[2] and f[3] == '' then
            redis.call('HSET', key, 'turn', turn)
        end
    end
end
return {'done', turn, left, sid, '0'}
