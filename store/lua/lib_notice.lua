-- SPDX-License-Identifier: BSD-2-Clause
-- Messages that wake other processes: the twin of store/notice.h, which tells their form. No other
-- script publishes one. Behind lib_keys.lua.
local function notice_turn(turn)
    redis.call('PUBLISH', WAKE, user_id() .. ' ' .. turn)
end

local function notice_webhook(turn)
    redis.call('PUBLISH', WAKE, 'webhook ' .. user_id() .. ' ' .. turn)
end

local function notice_push()
    redis.call('PUBLISH', WAKE, 'push/' .. user_id())
end

local function notice_timers()
    redis.call('PUBLISH', WAKE, 'timers')
end

local function notice_stop(sid, turn)
    redis.call(PUBLISH, control_of(session_key(sid)), 'stop ' .. turn)
end

local function notice_answer(sid, turn)
    redis.call(PUBLISH, control_of(session_key(sid)), 'answer ' .. turn)
end
