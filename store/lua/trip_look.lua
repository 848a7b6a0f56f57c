-- SPDX-License-Identifier: BSD-2-Clause
-- A trip as this user may see it. ARGV: who, trip.
-- Answer: {"MISSING"} or {"OK", role, JSON, state of the live trip or "", ms until it ends, members n, then
-- uid and `ROLE SINCE` of each, then for the owner id and value of each invitation}
--include lib_trips.lua
local json, role = trip_of(ARGV[2]), role_of(ARGV[2], ARGV[1])
if not json or not role then
    return { 'MISSING' }
end
local members = share_fields(ARGV[2], 'm ')
local out = { 'OK', role, json, redis.call('GET', live_key(ARGV[2])) or '',
    int(redis.call('PTTL', live_key(ARGV[2]))), tostring(#members) }
for _, m in ipairs(members) do
    out[#out + 1] = m[1]
    out[#out + 1] = m[2]
end
if role == 'owner' then
    share_purge(ARGV[2])
    if redis.call('EXISTS', share_key(ARGV[2])) == 0 then
        redis.call('SREM', P .. 'shares', ARGV[2])
    end
    for _, i in ipairs(share_fields(ARGV[2], 'i ')) do
        out[#out + 1] = i[1]
        out[#out + 1] = i[2]
    end
end
return out
