-- SPDX-License-Identifier: BSD-2-Clause
--include lib_usage.lua
-- What is used and what is set, of a user or, behind the shared prefix, of the site: {now, day, ms left,
-- fields of the day, month, ms left, fields of the month, what is set}.
local now = now_ms()
local w = usage.windows(now)
return {int(now), string.match(w.day.key, '[^:]+$'), int(w.day.left), redis.call('HGETALL', w.day.key),
    string.match(w.month.key, '[^:]+$'), int(w.month.left), redis.call('HGETALL', w.month.key),
    redis.call('HGETALL', limits_key())}
