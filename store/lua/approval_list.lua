-- SPDX-License-Identifier: BSD-2-Clause
--include lib_approval.lua
-- The open ones, first those that end first. ARGV: session or '', most, whether those count that a running
-- call waits for. Flat: id, tool, arguments, hash, session, turn, call, message, why, created, end, preview,
-- form, whether its call waits.
local sid, most, live = ARGV[1], tonumber(ARGV[2]), ARGV[3] == '1'
local now = now_ms()
local found, out = {}, {}

-- What a turn has dealt with stays for that turn's takeover only.
local function is_over(a)
    local state = a.taken ~= '' and redis.call('HGET', turn_key(a.taken), 'state')
    return a.taken ~= '' and state ~= 'running' and state ~= 'pending'
end

local ids = sid ~= '' and redis.call('HVALS', approvals_key(sid)) or {}
if sid == '' or live then
    for _, id in ipairs(redis.call('ZRANGEBYSCORE', LIST, '(' .. int(now), '+inf', 'LIMIT', 0, 4 * most)) do
        local of = sid ~= '' and redis.call('HMGET', approval_key(id), 'session', 'live')
        if not of or (of[1] == sid and (of[2] or '') ~= '') then
            ids[#ids + 1] = id
        end
    end
end
for _, id in ipairs(ids) do
    local a = load(id)
    if a and sid ~= '' and is_over(a) then
        redis.call('HDEL', approvals_key(sid), a.call)
    elseif a and #found < most and state_of(a, now) == 'open' then
        found[#found + 1] = a
    end
end
table.sort(found, function(a, b)
    return tonumber(a.expires) < tonumber(b.expires)
end)
for _, a in ipairs(found) do
    for _, name in ipairs({'id', 'tool', 'args', 'hash', 'session', 'asked', 'call', 'message',
        'why', 'created', 'expires'}) do
        out[#out + 1] = a[name]
    end
    local long = redis.call('HMGET', approval_key(a.id), 'preview', 'form', 'live')
    out[#out + 1] = long[1] or ''
    out[#out + 1] = long[2] or ''
    out[#out + 1] = long[3] or ''
end
return out
