-- SPDX-License-Identifier: BSD-2-Clause
-- What a user has written for all: a part of a family, listed or removed. KEYS: the prefix.
-- ARGV: "", "", "list" or "erase", author, family, cursor of HSCAN ("0" = the beginning), most fields, "" or
-- what is left of the page before that cursor.
-- Of family "post" the comments count too, and when erasing the author's likes of posts. A call looks at
-- WORK records, or at one post: those that are not looked at are left.
-- Answer: next cursor ("0" = the end, if none are left), what is left ("" = nothing; JSON), then when listing
-- the author's records.
--include lib_shared.lua
local WORK = 1000
local erase, author, family = ARGV[3] == 'erase', ARGV[4], ARGV[5]
local out = { '0', '' }

-- Of most records the text alone tells that they are another's.
local mark = '"' .. author .. '"'
local function take(fam, id, json)
    if not json or not string.find(json, mark, 1, true) then
        return false
    end
    local ok, record = pcall(cjson.decode, json)
    if not ok or type(record) ~= 'table' or record.author ~= author then
        return false
    end
    if erase then
        drop(fam, id)
    else
        out[#out + 1] = json
    end
    return true
end

local function look_at(id, json)
    if not take(family, id, json) and family == 'post' and erase then
        redis.call('SREM', P .. 'likes:' .. id, author)
    end
    if family == 'post' then
        local comments = redis.call('HGETALL', P .. 'r:comment:' .. id)
        for k = 1, #comments, 2 do
            take('comment:' .. id, comments[k], comments[k + 1])
        end
    end
end

local ids, json = {}, {}
if ARGV[8] ~= '' then
    out[1], ids = ARGV[6], cjson.decode(ARGV[8])
else
    local page = redis.call('HSCAN', P .. 'r:' .. family, ARGV[6], 'COUNT', ARGV[7])
    out[1] = page[1]
    for i = 1, #page[2], 2 do
        ids[#ids + 1] = page[2][i]
        json[page[2][i]] = page[2][i + 1]
    end
end
local work = 0
for i, id in ipairs(ids) do
    local more = 1 + (family == 'post' and redis.call('HLEN', P .. 'r:comment:' .. id) or 0)
    if work > 0 and work + more > WORK then
        out[2] = cjson.encode({ unpack(ids, i) })
        break
    end
    work = work + more
    look_at(id, json[id] or redis.call('HGET', P .. 'r:' .. family, id))
end
return out
