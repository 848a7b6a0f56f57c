-- SPDX-License-Identifier: BSD-2-Clause
-- What a user has written for all: one page of a family, listed or removed. KEYS: the prefix.
-- ARGV: "", "", "list" or "erase", author, family, cursor of HSCAN ("0" = the beginning), most fields.
-- Of family "post" the page's comments count too, and when erasing the author's likes of its posts.
-- Answer: next cursor ("0" = the end), how many were the author's, then when listing their JSON.
--include lib_shared.lua
local erase, author, family = ARGV[3] == 'erase', ARGV[4], ARGV[5]
local out, count = { '0', '0' }, 0

-- Of most records the text alone tells that they are another's.
local mark = '"' .. author .. '"'
local function take(fam, id, json)
    if not string.find(json, mark, 1, true) then
        return false
    end
    local ok, record = pcall(cjson.decode, json)
    if not ok or type(record) ~= 'table' or record.author ~= author then
        return false
    end
    count = count + 1
    if erase then
        drop(fam, id)
    else
        out[#out + 1] = json
    end
    return true
end

local page = redis.call('HSCAN', P .. 'r:' .. family, ARGV[6], 'COUNT', ARGV[7])
for i = 1, #page[2], 2 do
    local id = page[2][i]
    if not take(family, id, page[2][i + 1]) and family == 'post' and erase then
        redis.call('SREM', P .. 'likes:' .. id, author)
    end
    if family == 'post' then
        local comments = redis.call('HGETALL', P .. 'r:comment:' .. id)
        for k = 1, #comments, 2 do
            take('comment:' .. id, comments[k], comments[k + 1])
        end
    end
end
out[1], out[2] = page[1], tostring(count)
return out
