-- SPDX-License-Identifier: BSD-2-Clause
-- KEYS: the user's prefix. ARGV: after ("" = the newest ones), limit.
-- Answer: 1 when there are more, then the entries as JSON, oldest first.
--include lib_inbox.lua
local limit = tonumber(ARGV[2])
local found
if ARGV[1] ~= '' then
    found = redis.call('XRANGE', INBOX, '(' .. ARGV[1], '+', 'COUNT', limit + 1)
else
    local newest = redis.call('XREVRANGE', INBOX, '+', '-', 'COUNT', limit)
    found = {}
    for i = #newest, 1, -1 do
        found[#found + 1] = newest[i]
    end
end
local out = { #found > limit and 1 or 0 }
for i = 1, math.min(#found, limit) do
    local id, fields = found[i][1], found[i][2]
    local state = redis.call('HGET', INBOX .. ':state', id) or 'new'
    local due = string.match(state, '^snoozed (%d+)$')
    local extra = '"state":"' .. (due and 'snoozed' or state) .. '",'
    if due then
        extra = extra .. '"snoozed_until_ms":' .. due .. ','
    end
    out[#out + 1] = id
    out[#out + 1] = inbox_text(id, extra .. (fields[3] == 'x' and fields[4] or ''), fields[2])
end
return out
