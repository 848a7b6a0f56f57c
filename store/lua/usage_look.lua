-- SPDX-License-Identifier: BSD-2-Clause
--include lib_usage.lua
-- Whether a limit is used up. ARGV: API key or '', limits of the user, of the key. {} or as usage_over.
return usage.over(usage.account(ARGV[1], ARGV[2], ARGV[3]), now_ms()) or {}
