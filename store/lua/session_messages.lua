-- SPDX-License-Identifier: BSD-2-Clause
--include lib_log.lua
-- Messages of session ARGV[1] before number ARGV[2] ('' = the end), at most ARGV[3]. A message's
-- number counts all that the session ever had, so that pages stay put when old ones are trimmed.
-- {number of the first, whether there are older ones, messages, the log's end, or where it ended
-- when the running turn began, how many branches there are, {message, what the user said of it}...};
-- {} without a session.
local s = session_key(ARGV[1])
if redis.call('EXISTS', s) == 0 then
    return {}
end
local run = redis.call('HGET', s, 'run')
local cursor = run and redis.call('HGET', turn_key(run), 'first') or top_of(log_of(s))
local length = redis.call('LLEN', messages_of(s))
local total = math.max(tonumber(redis.call('HGET', s, 'count') or 0), length)
local oldest = total - length
local last = ARGV[2] == '' and total or math.min(tonumber(ARGV[2]), total)
local first = math.max(last - tonumber(ARGV[3]), oldest)
local branches = redis.call('LLEN', branches_key(ARGV[1]))
if last <= first then
    return {int(first), 0, {}, cursor, branches, {}}
end
local messages = redis.call('LRANGE', messages_of(s), int(first - oldest), int(last - oldest - 1))
local said = {}
if redis.call('EXISTS', P .. 'feedback') == 1 then
    for i = 1, #messages do
        local id = string.match(messages[i], '^{"id":"([^"]*)","role":"assistant"')
        local what = id and redis.call('HGET', P .. 'feedback', id)
        if what then
            said[#said + 1] = {id, what}
        end
    end
end
return {int(first), first > oldest and 1 or 0, messages, cursor, branches, said}
