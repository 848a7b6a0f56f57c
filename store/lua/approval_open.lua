-- SPDX-License-Identifier: BSD-2-Clause
--include lib_approval.lua
--include lib_push.lua
-- Asks for approvals: of a running turn's calls, or (session '') of one direct call. The same call of
-- the same turn again keeps its id.
-- ARGV: session, turn, epoch, life, keep, most, input, whether it pushes, then per call: id, call, tool, arguments, hash,
-- message, why, zone, preview, form, resume, live ('' or the ms that its call waits for it). {'fenced'}, {'full'} or {'ok', id, end, ...}
local sid, turn, epoch = ARGV[1], ARGV[2], ARGV[3]
local life, keep, most = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
if sid ~= '' and redis.call('HGET', session_key(sid), 'epoch') ~= epoch then
    return {'fenced'}
end
local now = now_ms()
local ends = int(now + life)
local out = {'ok'}
redis.call('ZREMRANGEBYSCORE', LIST, '-inf', int(now))
if sid == '' and redis.call('ZCARD', LIST) >= most then
    return {'full'}
end
for i = 9, #ARGV, 12 do
    local id, call = ARGV[i], ARGV[i + 1]
    local known = sid ~= '' and redis.call('HGET', approvals_key(sid), call)
    local waits = tonumber(ARGV[i + 11])
    if known and not waits and redis.call('HGET', approval_key(known), 'asked') == turn then
        id = known
    end
    local ends = waits and int(now + waits) or ends
    local key = approval_key(id)
    redis.call('HSET', key, 'state', 'open', 'session', sid, 'asked', turn, 'call', call,
        'tool', ARGV[i + 2], 'args', ARGV[i + 3], 'hash', ARGV[i + 4], 'message', ARGV[i + 5],
        'why', ARGV[i + 6], 'zone', ARGV[i + 7], 'preview', ARGV[i + 8], 'created', int(now), 'expires', ends,
        'input', ARGV[7], 'taken', '', 'form', ARGV[i + 9], 'resume', ARGV[i + 10],
        'live', waits and epoch or '')
    redis.call('PEXPIRE', key, life + keep)
    redis.call('ZADD', LIST, ends, id)
    if sid ~= '' and not waits then
        redis.call('HSET', approvals_key(sid), call, id)
        redis.call('PEXPIRE', approvals_key(sid), life + keep)
    end
    if waits and ARGV[8] == '1' then
        push_live(id, sid, ARGV[i + 5])
    end
    out[#out + 1] = id
    out[#out + 1] = ends
end
redis.call('PEXPIRE', LIST, life + keep)
return out
