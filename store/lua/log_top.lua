-- The last N of epoch ARGV[1] in log KEYS[1]; -1 when it is another epoch's. ARGV[2]: the session.
-- 0 when the log is gone and the session is still this epoch's (append.lua begins it anew).
if redis.call('EXISTS', KEYS[1]) == 0 then
    return redis.call('HGET', ARGV[2], 'epoch') == ARGV[1] and 0 or -1
end
local info = redis.call('XINFO', 'STREAM', KEYS[1])
for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' then
        local epoch, n = string.match(info[i + 1], '^(%d+)-(%d+)$')
        return epoch == ARGV[1] and tonumber(n) or -1
    end
end
return -1
