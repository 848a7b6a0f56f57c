-- SPDX-License-Identifier: BSD-2-Clause
--include lib_keys.lua
--include lib_chat.lua
-- A page of sessions: the pinned ones, the one pinned last first, then the others, newest first.
-- ARGV: how many, part where it begins ('p' the pinned ones, 'r' the rest), before (score, sid), what is
-- wanted ('' both, '1' the pinned ones, '0' the rest, 'any' all by their activity), keep.sessions.
-- {more, cursor of the next page, {sid, title, created, updated, messages, run, pinned}...}
local limit, part, before, before_sid, wanted = tonumber(ARGV[1]), ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local out = {0, ''}
-- Sessions that have ended by themselves leave the list when it comes upon them: some of a page's, so
-- that no page holds Redis for long; the next page goes on behind the last row.
local GONE_PAGE, GONE_EMPTY = 200, 500
local gone = 0
-- A Redis that takes no writes still lists: what only tidies up may be refused.
local function not_refused(reply)
    return type(reply) ~= 'table' or not reply.err
end

-- False when the page is full and there are more.
local function take(index, mark, passes)
    local offset = 0
    while true do
        local page = redis.call('ZREVRANGEBYSCORE', index, before, '-inf', 'WITHSCORES', 'LIMIT',
            offset, limit + 1)
        if #page == 0 then
            return true
        end
        offset = offset + #page / 2
        for i = 1, #page, 2 do
            local sid, score = page[i], page[i + 1]
            if before_sid == '' or score ~= before or sid < before_sid then
                local row = chat_row(sid)
                if not row then
                    if not_refused(redis.pcall('ZREM', index, sid)) then
                        offset = offset - 1
                    end
                    gone = gone + 1
                    if gone >= (#out > 2 and GONE_PAGE or GONE_EMPTY) then
                        if #out == 2 then -- no row yet: behind the last one that has gone
                            out[2] = mark .. score .. '-' .. sid
                        end
                        out[1] = 1
                        return false
                    end
                elseif not passes or row[6] == 0 then
                    if #out - 2 == limit then
                        out[1] = 1
                        return false
                    end
                    table.insert(row, 1, sid)
                    out[#out + 1] = row
                    out[2] = mark .. score .. '-' .. sid
                end
            end
        end
    end
end

if part == 'p' and wanted ~= '0' and wanted ~= 'any' then
    redis.pcall('PEXPIRE', pinned_key(), ARGV[6])
    if not take(pinned_key(), 'p', false) then
        return out
    end
    before, before_sid = '+inf', ''
end
if wanted ~= '1' then
    take(P .. 'sessions', '', wanted ~= 'any')
end
return out
