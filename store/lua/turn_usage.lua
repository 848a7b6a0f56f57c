--include lib_keys.lua
-- What a turn that is over has used, with what was used for it behind its end. ARGV: turn, usage.
local t = turn_key(ARGV[1])
if redis.call('HEXISTS', t, 'ended') == 0 then
    return 0
end
redis.call('HSET', t, 'usage', ARGV[2])
return 1
