-- SPDX-License-Identifier: BSD-2-Clause
--include lib_keys.lua
-- Removes a file of the user. ARGV: id. Answer: 1, or 0 when there was none.
redis.call('HDEL', attachments_key(), ARGV[1])
return redis.call('UNLINK', attachment_key(ARGV[1]))
