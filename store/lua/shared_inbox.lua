-- SPDX-License-Identifier: BSD-2-Clause
-- Puts an event into a user's inbox once and tells the open connections. KEYS: the user's prefix,
-- ARGV: mark, event, entries kept, their life in ms, the mark's life in ms. Answer: {"OK"}, {"PRIOR"}
--include lib_inbox.lua
if not redis.call('SET', INBOX .. ':seen:' .. ARGV[1], '1', 'PX', ARGV[5], 'NX') then
    return { 'PRIOR' }
end
inbox_put(ARGV[2], '', tonumber(ARGV[3]), tonumber(ARGV[4]))
return { 'OK' }
