--include lib_keys.lua
-- {state, milliseconds of lease left}; {} when there is no such turn.
local f = redis.call('HMGET', P .. 'turn:' .. ARGV[1], 'state', 'lease')
if not f[1] then
    return {}
end
local left = f[1] == 'running' and tonumber(f[2] or 0) - now_ms() or 0
return {f[1], int(left)}
