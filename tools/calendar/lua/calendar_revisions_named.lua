-- SPDX-License-Identifier: BSD-2-Clause
-- KEYS: records of family "event". ARGV: a name. Answer: the id that has it, or ""
return { redis.call('HGET', KEYS[1] .. ':revs:names', ARGV[1]) or '' }
