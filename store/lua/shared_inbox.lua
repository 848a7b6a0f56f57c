-- Puts an event into a user's inbox once and tells the open connections. KEYS: the inbox stream,
-- the mark. ARGV: channel, event, entries kept, the mark's life in ms. Answer: {"OK"}, {"PRIOR"}
if not redis.call('SET', KEYS[2], '1', 'PX', ARGV[4], 'NX') then
    return { 'PRIOR' }
end
redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[3], '*', 'e', ARGV[2])
redis.call('PUBLISH', ARGV[1], ARGV[2])
return { 'OK' }
