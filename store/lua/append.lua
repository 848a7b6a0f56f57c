-- Entries of a running turn: append, then publish what the log took. The N of the last one;
-- -1 = fenced (higher epoch, or the log is gone). KEYS[1] the log; ARGV: channel, EPOCH, first N,
-- values. XADD itself is the fence: a newer epoch's first entry refuses every older id.
local log, channel, epoch, n = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3])
local prev = epoch .. '-' .. (n - 1)
for i = 4, #ARGV do
    local id = epoch .. '-' .. n
    local taken = redis.pcall('XADD', log, 'NOMKSTREAM', id, 'e', ARGV[i])
    if not taken then
        return -1
    end
    if taken.err then
        if not string.find(taken.err, 'equal or smaller', 1, true) then
            return taken
        end
        -- There already: the reply to an earlier call was lost. It is published again.
        local info, top = redis.call('XINFO', 'STREAM', log), nil
        for j = 1, #info, 2 do
            if info[j] == 'last-generated-id' then
                top = string.match(info[j + 1], '^(%d+)-')
            end
        end
        if top ~= epoch then
            return -1
        end
    end
    redis.call('PUBLISH', channel, id .. ' ' .. prev .. ' ' .. ARGV[i])
    prev = id
    n = n + 1
end
return n - 1
