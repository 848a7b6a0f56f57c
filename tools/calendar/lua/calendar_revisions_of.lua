-- SPDX-License-Identifier: BSD-2-Clause
-- KEYS: records of family "event". ARGV: ids. Answer: the newest revision, then one for each id ("0" = none)
local base = KEYS[1]
local out = { redis.call('HGET', base .. ':revs:at', 'last') or '0' }
for i = 1, #ARGV do
    out[i + 1] = redis.call('ZSCORE', base .. ':revs', ARGV[i]) or '0'
end
return out
