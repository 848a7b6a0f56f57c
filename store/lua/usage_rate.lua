-- SPDX-License-Identifier: BSD-2-Clause
--include lib_usage.lua
-- A message is at the door. ARGV: API key or '', limits of the user, of the key.
-- {count, milliseconds until the window ends, limit, scope}; limit 0 = any.
local m = usage.message(usage.account(ARGV[1], ARGV[2], ARGV[3]))
return {m.count, int(m.left), int(m.limit), m.scope}
