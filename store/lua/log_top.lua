-- SPDX-License-Identifier: BSD-2-Clause
--include lib_log.lua
-- The last N of epoch ARGV[1] in log KEYS[1]; -1 when it is another epoch's. ARGV[2]: the session.
-- 0 when the log is gone and the session is still this epoch's (append.lua begins it anew).
if redis.call('EXISTS', KEYS[1]) == 0 then
    return redis.call('HGET', ARGV[2], 'epoch') == ARGV[1] and 0 or -1
end
local top, n = split_id(top_of(KEYS[1]))
return top == tonumber(ARGV[1]) and n or -1
