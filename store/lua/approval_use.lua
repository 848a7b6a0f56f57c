-- SPDX-License-Identifier: BSD-2-Clause
--include lib_approval.lua
-- A direct call comes with its approval. ARGV: id, tool, hash of its arguments, zone.
-- 'done', 'same' (it was used for this very call), 'missing', 'open', 'other' (another call),
-- 'denied', 'expired', 'cancelled'
local a = load(ARGV[1])
if not a or a.session ~= '' then
    return 'missing'
end
local state = state_of(a, now_ms())
if state == 'denied' or state == 'declined' then
    return 'denied'
elseif state ~= 'approved' then
    return state == 'lapsed' and 'expired' or state
end
local hash = a.run_hash ~= '' and a.run_hash or a.hash
if a.tool ~= ARGV[2] or hash ~= ARGV[3] or a.zone ~= ARGV[4] then
    return 'other'
elseif a.taken ~= '' then
    return 'same'
elseif tonumber(a.expires) <= now_ms() then
    return 'expired'
end
redis.call('HSET', approval_key(a.id), 'taken', 'direct')
return 'done'
