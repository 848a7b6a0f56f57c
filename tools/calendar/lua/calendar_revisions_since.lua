-- SPDX-License-Identifier: BSD-2-Clause
-- What has changed after a revision, by revision. KEYS: records of family "event". ARGV: revision, how many at most.
-- Answer: {"OLD"} (what was deleted since then is forgotten, or there was no such revision), or "OK" or "MORE", the
-- revision that is reached, then each: "put" or "gone", id or name
local base, since, most = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2])
local at = redis.call('HMGET', base .. ':revs:at', 'last', 'floor')
if since < tonumber(at[2] or 0) or since > tonumber(at[1] or 0) then
    return { 'OLD' }
end
local all = {}
for what, key in pairs({ put = ':revs', gone = ':revs:gone' }) do
    local page = redis.call('ZRANGEBYSCORE', base .. key, '(' .. ARGV[1], '+inf', 'WITHSCORES', 'LIMIT', 0, most + 1)
    for i = 1, #page, 2 do
        all[#all + 1] = { tonumber(page[i + 1]), what, page[i] }
    end
end
table.sort(all, function(a, b) return a[1] < b[1] end)
local more = #all > most
local out = { more and 'MORE' or 'OK', more and string.format('%.0f', all[most][1]) or at[1] or '0' }
for i = 1, math.min(#all, most) do
    out[#out + 1] = all[i][2]
    out[#out + 1] = all[i][3]
end
return out
