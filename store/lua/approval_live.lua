-- SPDX-License-Identifier: BSD-2-Clause
--include lib_approval.lua
-- A call that waits in its worker looks at its question, and closes it when it waits no longer.
-- ARGV: id, '1' = close. {state, content}; what the user filled in goes when it is closed.
local a = load(ARGV[1])
if not a then
    return {'missing', ''}
end
local state, key = state_of(a, now_ms()), approval_key(a.id)
if ARGV[2] == '1' and (state == 'open' or state == 'lapsed') then
    redis.call('HSET', key, 'state', state == 'open' and 'cancelled' or 'expired')
    redis.call('ZREM', LIST, a.id)
end
local content = redis.call('HGET', key, 'content') or ''
if content ~= '' and ARGV[2] == '1' then
    redis.call('HDEL', key, 'content')
end
return {state, content}
