-- SPDX-License-Identifier: BSD-2-Clause
--include lib_turn.lua
--include lib_chat.lua
-- The owner of trip ARGV[10] opens its chat, session ARGV[11], called ARGV[12]. {"MISSING"} without
-- the trip, {"OK", 1 when it was not there before}.
local trip, sid, title = ARGV[10], ARGV[11], ARGV[12]
local s, now = session_key(sid), now_ms()
if redis.call('HEXISTS', P .. 'r:trip', trip) == 0 then
    return {'MISSING'}
end
if redis.call('EXISTS', s) == 1 then
    return {'OK', 0}
end
touch_session(sid, now, 'epoch', next_epoch(sid, now, '0-0'), 'title', title, 'titled', 'user')
chat_tell(sid)
return {'OK', 1}
