-- SPDX-License-Identifier: BSD-2-Clause
-- Drops the answer of this name (ARGV[1]; "" = of any) from its place, KEYS[1]; another one that is
-- there stays. For ARGV[3] ms the place has the mark ARGV[2]: a turn that has looked before does not
-- know it, and what it offers is not kept (kept_answer_put.lua).
local there = redis.pcall('HGET', KEYS[1], 'd')
local odd = type(there) == 'table'
local drops = odd or ARGV[1] == '' or there == ARGV[1]
if drops then
    redis.call('DEL', KEYS[1])
end
redis.call('HSET', KEYS[1], 'g', ARGV[2])
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[3]) then
    redis.call('PEXPIRE', KEYS[1], ARGV[3])
end
return drops and 1 or 0
