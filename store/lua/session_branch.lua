-- SPDX-License-Identifier: BSD-2-Clause
--include lib_keys.lua
-- Branch ARGV[2] of session ARGV[1], '' = the latest, as lib_turn.lua keeps it, and which there are,
-- newest first: {text, {turn, when, message to which the user went back}...}; text is '' when there is
-- no such branch. {} without a session.
if redis.call('EXISTS', session_key(ARGV[1])) == 0 then
    return {}
end
local out = {''}
local all = redis.call('LRANGE', branches_key(ARGV[1]), 0, -1)
for i = #all, 1, -1 do
    local turn, at, message = string.match(all[i], '^{"turn":"([^"]*)","at":(%d+),"message_id":"([^"]*)",')
    if turn then
        out[#out + 1] = {turn, at, message}
        if out[1] == '' and (ARGV[2] == '' or ARGV[2] == turn) then
            out[1] = all[i]
        end
    end
end
return out
