-- An item in the place of the one that was read, if that one still stands.
--
-- KEYS  1 items  2 waiting of the queue it leaves  3 done of the queue it leaves
--       4 the list it comes to  5 queues  6 audit  7 once  8 in_hand
-- ARGV  1 item's id  2 item as it was, '' for none  3 item as it is to be  4 at  5 queue
--       6 audit entry, '' for none  7 seconds that `once` is kept  8 what the entry is found by
--       9 whether it comes into somebody's hand: 1 or 0
if redis.call('EXISTS', KEYS[7]) == 1 then
  return 1
end
if (redis.call('HGET', KEYS[1], ARGV[1]) or '') ~= ARGV[2] then
  return 0
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('ZREM', KEYS[3], ARGV[1])
redis.call('ZADD', KEYS[4], ARGV[4], ARGV[1])
redis.call('SADD', KEYS[5], ARGV[5])
if ARGV[9] == '1' then
  redis.call('ZADD', KEYS[8], ARGV[4], ARGV[1])
else
  redis.call('ZREM', KEYS[8], ARGV[1])
end
if ARGV[6] ~= '' then
  append(KEYS[6], ARGV[6], ARGV[8])
end
redis.call('SET', KEYS[7], '1', 'EX', ARGV[7])
return 1
