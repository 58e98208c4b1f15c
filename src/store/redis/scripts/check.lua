-- Everything that the other scripts do, on keys of its own that are gone afterwards: a user
-- without the rights to it is told here, and not by a contact.
--
-- KEYS  1 hash  2 sorted set  3 stream  4 set  5 string
-- ARGV  1 channel
redis.call('HSET', KEYS[1], 'f', '1', 'g', '2')
redis.call('HSETNX', KEYS[1], 'f', '1')
redis.call('HGET', KEYS[1], 'f')
redis.call('HMGET', KEYS[1], 'f', 'g')
redis.call('HGETALL', KEYS[1])
redis.call('HINCRBY', KEYS[1], 'g', 1)
redis.call('HDEL', KEYS[1], 'g')
redis.call('ZADD', KEYS[2], 1, 'm')
redis.call('ZSCORE', KEYS[2], 'm')
redis.call('ZCARD', KEYS[2])
redis.call('ZRANGE', KEYS[2], 0, -1)
redis.call('ZRANGEBYSCORE', KEYS[2], 0, '+inf')
redis.call('ZREMRANGEBYSCORE', KEYS[2], 2, 3)
redis.call('ZMSCORE', KEYS[2], 'm')
redis.call('ZREM', KEYS[2], 'm')
redis.call('XADD', KEYS[3], 'MAXLEN', '~', 9, '*', 'f', '1')
redis.call('XREVRANGE', KEYS[3], '+', '-', 'COUNT', 1)
redis.call('XRANGE', KEYS[3], '-', '+', 'COUNT', 1)
redis.call('SADD', KEYS[4], 'm')
redis.call('SMEMBERS', KEYS[4])
redis.call('SET', KEYS[5], '1', 'EX', 1)
redis.call('GET', KEYS[5])
redis.call('EXISTS', KEYS[5])
redis.call('PUBLISH', ARGV[1], '')
redis.call('DEL', KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5])
return 1
