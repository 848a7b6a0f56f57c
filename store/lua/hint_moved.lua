-- SPDX-License-Identifier: BSD-2-Clause
-- Member ARGV[1] leaves KEYS[1] if its score is still ARGV[2].
return redis.call('ZSCORE', KEYS[1], ARGV[1]) == ARGV[2] and redis.call('ZREM', KEYS[1], ARGV[1])
    or 0
