-- Takes back what a contact counted, and its trace, once.
--
-- KEYS  1 contact  2 ledger  3 counted  4 received  5 traces
-- ARGV  1 token  2 contact
local counted = redis.call('HGET', KEYS[1], 'counted')
local traced = redis.call('ZSCORE', KEYS[4], ARGV[2])
if not counted and not traced then
  return 0
end
redis.call('HSET', KEYS[2], 'version', ARGV[1])
if counted then
  for _, member in ipairs(cjson.decode(counted)) do
    redis.call('ZREM', KEYS[3], member)
  end
  redis.call('HDEL', KEYS[1], 'counted')
end
redis.call('ZREM', KEYS[4], ARGV[2])
redis.call('HDEL', KEYS[5], ARGV[2])
return 1
