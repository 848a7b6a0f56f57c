-- SPDX-License-Identifier: BSD-2-Clause
--include lib_keys.lua
--include lib_summary.lua
--include lib_ids.lua
-- Takes the next messages of session ARGV[1] into the index of ids, which lives for ARGV[2] ms. Returns
-- how many are left.
return ids_take(ARGV[1], tonumber(ARGV[2]))
