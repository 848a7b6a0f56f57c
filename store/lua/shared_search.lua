-- SPDX-License-Identifier: BSD-2-Clause
-- Records of a family by terms, best first: how many of the terms it has, then the newest. ARGV[7]
-- records are looked at in all, the newest of each term, rare terms first: what those do not use is
-- left to the others (the newest 50 of the rarest are counted exactly). One term alone, and none: simply the newest.
-- ARGV: "", 0, family, viewer, offset, count, looked at, number of terms, terms..., required terms...
-- Answer: {total, {JSON, likes, comments, liked, followed}...}
--include lib_shared.lua
local family, viewer = ARGV[3], ARGV[4]
local offset, count, depth, nterms = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local times = P .. 'r:' .. family .. ':by-time'
local words = P .. 'w:' .. family .. ':'
local out, ids = { 0 }, {}
if #ARGV == 8 or (nterms == 1 and #ARGV == 9) then
    local index = nterms == 1 and words .. ARGV[9] or times
    ids = redis.call('ZREVRANGE', index, offset, offset + count - 1)
    out[1] = redis.call('ZCARD', index)
else
    local hits, when, terms, exact = {}, {}, {}, {}
    local last = nterms > 0 and 8 + nterms or 9
    for i = 9, last do
        terms[#terms + 1] = { words .. ARGV[i], redis.call('ZCARD', words .. ARGV[i]) }
    end
    table.sort(terms, function(a, b) return a[2] < b[2] end)
    for i, term in ipairs(terms) do
        local share = math.floor(depth / (#terms - i + 1))
        local page = redis.call('ZREVRANGE', term[1], 0, share - 1, 'WITHSCORES')
        depth = depth - #page / 2
        for k = 1, #page, 2 do
            local id = page[k]
            if not hits[id] then
                ids[#ids + 1] = id
                when[id] = tonumber(page[k + 1])
            end
            if i == 1 and k < 100 then -- exactly, for the newest with the rarest term
                hits[id] = 1
                for other = 2, #terms do
                    hits[id] = hits[id] + (redis.call('ZSCORE', terms[other][1], id) and 1 or 0)
                end
                exact[id] = true
            elseif not exact[id] then
                hits[id] = (hits[id] or 0) + 1
            end
        end
    end
    local kept = {}
    for _, id in ipairs(ids) do
        local wanted = true
        for i = 9 + nterms, #ARGV do
            wanted = wanted and redis.call('ZSCORE', words .. ARGV[i], id)
        end
        if wanted then
            kept[#kept + 1] = id
        end
    end
    table.sort(kept, function(a, b)
        if hits[a] ~= hits[b] then
            return hits[a] > hits[b]
        end
        if when[a] ~= when[b] then
            return when[a] > when[b]
        end
        return a < b
    end)
    ids = {}
    for i = offset + 1, math.min(offset + count, #kept) do
        ids[#ids + 1] = kept[i]
    end
    out[1] = #kept
end
for _, id in ipairs(ids) do
    local json = redis.call('HGET', P .. 'r:' .. family, id)
    if json then
        out[#out + 1] = shown(family, id, json, viewer)
    end
end
return out
