--include lib_keys.lua
-- What the user says about one of their messages; kept as long as the message is known.
if not redis.call('ZSCORE', P .. 'messages', ARGV[1]) then
    return 0
end
redis.call('HSET', P .. 'feedback', ARGV[1], ARGV[2])
redis.call('PEXPIRE', P .. 'feedback', ARGV[3])
return 1
