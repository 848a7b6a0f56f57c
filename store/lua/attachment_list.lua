-- SPDX-License-Identifier: BSD-2-Clause
--include lib_keys.lua
-- The user's files: id and what is told of it, in turn.
local out, now = {}, now_ms()
local all = redis.call('HGETALL', attachments_key())
for i = 1, #all, 2 do
    if tonumber(string.match(all[i + 1], '^%d+')) > now then
        out[#out + 1] = all[i]
        out[#out + 1] = all[i + 1]
    end
end
return out
