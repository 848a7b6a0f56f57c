-- SPDX-License-Identifier: BSD-2-Clause
--include lib_push.lua
-- A subscription goes. KEYS: the user's prefix. ARGV: subscription. 1, or 0 when there was none.
return push_forget(ARGV[1])
