-- How many items wait on each queue, and since when.
--
-- KEYS  waiting of each queue
local counts = {}
for i, waiting in ipairs(KEYS) do
  local oldest = redis.call('ZRANGE', waiting, 0, 0, 'WITHSCORES')
  counts[i] = {redis.call('ZCARD', waiting), oldest[2] or ''}
end
return counts
