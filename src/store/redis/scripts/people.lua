-- People's records, all or none, their audit entry, and word of them to every gateway.
--
-- KEYS  1 people  2 changes  3 audit  4 once
-- ARGV  1 audit entry  2 seconds that `once` is kept  3 changes kept  4 changes told one by one
--       5 channel  6 organisation  7… id and record of each
--
-- Answers the number of the last change before these.
local before = redis.call('GET', KEYS[4])
if before then
  return before
end
local last = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)
local number = 0
if #last > 0 then
  number = tonumber(string.match(last[1][1], '^%d+'))
end
redis.call('SET', KEYS[4], string.format('%.0f', number), 'EX', ARGV[2])
-- Many with one call: Lua hands over at most some thousands of values at once.
for i = 7, #ARGV, 2000 do
  redis.call('HSET', KEYS[1], unpack(ARGV, i, math.min(i + 1999, #ARGV)))
end
local first = number
local function note(field, value)
  number = number + 1
  redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[3], string.format('%.0f-0', number), field, value)
end
if (#ARGV - 6) / 2 > tonumber(ARGV[4]) then
  note('all', '1')
else
  for i = 7, #ARGV, 2 do
    note('person', ARGV[i])
  end
end
append(KEYS[3], ARGV[1])
redis.call('PUBLISH', ARGV[5], string.format('%.0f %s', first, ARGV[6]))
return string.format('%.0f', first)
