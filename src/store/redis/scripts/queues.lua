-- How many items wait on each queue, how many of them nobody read in time, and the first of each turn.
--
-- KEYS  waiting of each queue
-- ARGV  where the places of the first and of the second turn end (domain::queue::Turn)
local counts = {}
for i, waiting in ipairs(KEYS) do
  local turns = {{'-inf', '(' .. ARGV[1]}, {ARGV[1], '(' .. ARGV[2]}, {ARGV[2], '+inf'}}
  local first = {}
  for j, turn in ipairs(turns) do
    local item = redis.call('ZRANGEBYSCORE', waiting, turn[1], turn[2], 'WITHSCORES', 'LIMIT', 0, 1)
    first[j] = item[2] or ''
  end
  local overdue = redis.call('ZCOUNT', waiting, '-inf', '(' .. ARGV[1])
  counts[i] = {redis.call('ZCARD', waiting), overdue, first}
end
return counts
