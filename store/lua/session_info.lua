-- SPDX-License-Identifier: BSD-2-Clause
--include lib_log.lua
--include lib_chat.lua
-- {title, created, updated, messages, run, pinned, log's end} of session ARGV[1], {} when there is none.
local row = chat_row(ARGV[1])
if not row then
    return {}
end
row[7] = top_of(log_of(session_key(ARGV[1])))
return row
