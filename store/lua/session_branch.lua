-- SPDX-License-Identifier: BSD-2-Clause
--include lib_keys.lua
--include lib_branches.lua
-- Branch ARGV[2] of session ARGV[1], '' = the latest: its messages in front of number ARGV[3] ('' = the
-- end), at most ARGV[4]; and which branches there are, newest first. {the branch's entry or '' when
-- there is no such branch, how many messages stand before these, {message...}, {turn, when, message to
-- which the user went back}...}. {} without a session.
if redis.call('EXISTS', session_key(ARGV[1])) == 0 then
    return {}
end
local out = {'', 0, {}}
local all = redis.call('LRANGE', branches_key(ARGV[1]), 0, -1)
for i = #all, 1, -1 do
    local turn, at, message, count = branches.parts(all[i])
    if turn then
        out[#out + 1] = {turn, at, message}
        if out[1] == '' and (ARGV[2] == '' or ARGV[2] == turn) then
            out[1] = all[i]
            if count then
                local last = math.min(tonumber(count), redis.call('LLEN', branch_key(turn)),
                    tonumber(ARGV[3]) or math.huge)
                local first = math.max(0, last - tonumber(ARGV[4]))
                out[2] = int(first)
                out[3] = last > first and redis.call('LRANGE', branch_key(turn), int(first), int(last - 1)) or {}
            end
        end
    end
end
return out
