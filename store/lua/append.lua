-- SPDX-License-Identifier: BSD-2-Clause
--include lib_log.lua
-- Entries of a running turn: append, then publish what the log took. The N of the last one;
-- -1 = fenced (higher epoch, or the session is gone); -2 = the log was gone, though the session is
-- still this epoch's: it has been begun anew, and the caller appends its entries again, from N = 2.
-- KEYS[1] the log; ARGV: channel (it is the session's key as well), EPOCH, first N, values. XADD itself
-- is the fence: a newer epoch's first entry refuses every older id.
-- First N may be `N MARK`: how far the log has got with what the model's vendor keeps. It is kept
-- with the turn as these entries are; an empty one is dropped.
local log, channel, epoch, n = KEYS[1], ARGV[1], ARGV[2], ARGV[3]
local blank, mark = string.find(n, ' ', 1, true)
if blank then
    n, mark = string.sub(n, 1, blank - 1), string.sub(n, blank + 1)
end
n = tonumber(n)

local function begin_anew()
    local run = entry_parts(ARGV[4])
    local f = redis.call('HMGET', channel, 'epoch', 'run')
    if f[1] ~= epoch or f[2] ~= run then
        return -1
    end
    local event = redis.call('HGET', turn_key(run), 'first_event')
    if not event then
        return -1
    end
    redis.call('XADD', log, epoch .. '-1', ENTRY_FIELD, entry_value(run, ENTRY_START, event))
    return -2
end

local prev = epoch .. '-' .. (n - 1)
for i = 4, #ARGV do
    local id = epoch .. '-' .. n
    local taken = redis.pcall('XADD', log, 'NOMKSTREAM', id, ENTRY_FIELD, ARGV[i])
    if not taken then
        return begin_anew()
    end
    if taken.err then
        if not string.find(taken.err, 'equal or smaller', 1, true) then
            return taken
        end
        -- There already: the reply to an earlier call was lost. It is published again.
        if split_id(top_of(log)) ~= tonumber(epoch) then
            return -1
        end
    end
    publish_entry(channel, id, prev, ARGV[i])
    prev = id
    n = n + 1
end
if mark == '' then
    redis.call('HDEL', turn_key((entry_parts(ARGV[4]))), 'upstream')
elseif mark then
    redis.call('HSET', turn_key((entry_parts(ARGV[4]))), 'upstream', mark)
end
return n - 1
