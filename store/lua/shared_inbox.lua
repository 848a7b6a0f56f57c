-- Puts an event into a user's inbox once and tells the open connections. KEYS: "tp:{UID}:",
-- ARGV: mark, event, entries kept, their life in ms, the mark's life in ms. Answer: {"OK"}, {"PRIOR"}
--include lib_inbox.lua
if not redis.call('SET', KEYS[1] .. 'inbox:seen:' .. ARGV[1], '1', 'PX', ARGV[5], 'NX') then
    return { 'PRIOR' }
end
inbox_put(KEYS[1], ARGV[2], '', tonumber(ARGV[3]), tonumber(ARGV[4]))
return { 'OK' }
