-- Removes an unreadable contact and its item, unless another gateway has rewritten them.
--
-- KEYS  1 contact  2 items  3 in_hand  4… waiting and done of every queue: the item's own queue can't be read
-- ARGV  1 its decision as found  2 the item's id  3 the item as found, or '' to keep it
if redis.call('HGET', KEYS[1], 'decision') == ARGV[1] then
  redis.call('DEL', KEYS[1])
  if ARGV[3] ~= '' and redis.call('HGET', KEYS[2], ARGV[2]) == ARGV[3] then
    redis.call('HDEL', KEYS[2], ARGV[2])
    for i = 3, #KEYS do
      redis.call('ZREM', KEYS[i], ARGV[2])
    end
  end
end
return 1
