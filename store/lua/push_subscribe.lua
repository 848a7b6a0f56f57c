-- SPDX-License-Identifier: BSD-2-Clause
--include lib_push.lua
-- A browser subscribes, or confirms that it still does. KEYS: the user's prefix. ARGV: subscription,
-- JSON, most of them. The one whose browser was heard of longest ago makes room.
redis.call('HSET', PUSH, ARGV[1], ARGV[2])
while redis.call('HLEN', PUSH) > tonumber(ARGV[3]) do
    local oldest, at
    local all = redis.call('HGETALL', PUSH)
    for i = 1, #all, 2 do
        local ms = tonumber(string.match(all[i + 1], '"confirmed_ms":(%d+)')) or 0
        if all[i] ~= ARGV[1] and (not at or ms < at) then
            oldest, at = all[i], ms
        end
    end
    push_forget(oldest)
end
return 1
