-- SPDX-License-Identifier: BSD-2-Clause
--include lib_keys.lua
-- Sets limits of a user, or behind the shared prefix of the site and of classes; '' takes one back.
-- ARGV: field, value, ... Returns how many are set then.
for i = 1, #ARGV, 2 do
    if ARGV[i + 1] == '' then
        redis.call('HDEL', limits_key(), ARGV[i])
    else
        redis.call('HSET', limits_key(), ARGV[i], ARGV[i + 1])
    end
end
redis.call('PERSIST', limits_key()) -- an erasure had given them an end
return redis.call('HLEN', limits_key())
