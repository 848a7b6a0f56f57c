-- SPDX-License-Identifier: BSD-2-Clause
-- Who shares a place near a point and lets the viewer see it, nearest first, of the nearest 1,000.
-- ARGV: "", 0, viewer, longitude, latitude, metres, now, most
-- Answer: {{user, metres, JSON}...}
--include lib_shared.lua
local viewer, now, out = ARGV[3], tonumber(ARGV[7]), {}
local near = redis.call('GEOSEARCH', P .. 'place:geo', 'FROMLONLAT', ARGV[4], ARGV[5], 'BYRADIUS',
    ARGV[6], 'm', 'ASC', 'COUNT', 1000, 'WITHDIST')
for _, one in ipairs(near) do
    local user = one[1]
    local expiry = redis.call('ZSCORE', P .. 'place:expiry', user)
    local json = redis.call('HGET', P .. 'place', user)
    if user ~= viewer and json and expiry and tonumber(expiry) > now and #out < tonumber(ARGV[8])
        and (cjson.decode(json).is_public == true or are_friends(user, viewer)) then
        out[#out + 1] = { user, one[2], json }
    end
end
return out
