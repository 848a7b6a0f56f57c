-- What spans hold. KEYS: records hash. ARGV: spans. Answer: {"OK", span, "CURRENCY CATEGORY", amount,
-- count, ...}, or {"INCOMPLETE"}: the sums have to be made first.
if redis.call('GET', KEYS[1] .. ':sums') ~= 'inf' then
    if redis.call('EXISTS', KEYS[1]) == 0 then
        return { 'OK' }
    end
    return { 'INCOMPLETE' }
end
local answer = { 'OK' }
for _, span in ipairs(ARGV) do
    local fields = redis.call('HGETALL', KEYS[1] .. ':sums:' .. span)
    local amounts, counts = {}, {}
    for i = 1, #fields, 2 do
        local name = string.sub(fields[i], 3)
        if string.sub(fields[i], 1, 1) == 's' then
            amounts[name] = fields[i + 1]
        else
            counts[name] = fields[i + 1]
        end
    end
    for name, amount in pairs(amounts) do
        local at = #answer
        answer[at + 1], answer[at + 2], answer[at + 3] = span, name, amount
        answer[at + 4] = counts[name] or '0'
    end
end
return answer
