-- Everything that the store does, on keys of its own that are gone afterwards: a user without the
-- rights to it is told here, and not by a contact. Answers what the user lacks: commands, `keys`,
-- `channel`.
--
-- KEYS  1 hash  2 sorted set  3 stream  4 set  5 string
-- ARGV  1 channel
local lacks, told, other = {}, {}, nil
local function lacking(what)
  if not told[what] then
    told[what] = true
    lacks[#lacks + 1] = what
  end
end
local function try(command, ...)
  local answer = redis.pcall(command, ...)
  local said = type(answer) == 'table' and answer.err
  if not said then
    return
  end
  -- Redis 6.2 and 7.0 say "can't", later ones NOPERM.
  if not string.find(said, "can't", 1, true) and not string.find(said, 'NOPERM', 1, true) then
    other = other or answer
  elseif string.find(said, 'channel', 1, true) then
    lacking('channel')
  elseif string.find(said, ' key', 1, true) then
    lacking('keys')
  else
    lacking(command)
  end
end
try('HSET', KEYS[1], 'f', '1', 'g', '2')
try('HSETNX', KEYS[1], 'f', '1')
try('HGET', KEYS[1], 'f')
try('HMGET', KEYS[1], 'f', 'g')
try('HGETALL', KEYS[1])
try('HLEN', KEYS[1])
try('HSCAN', KEYS[1], '0')
try('HINCRBY', KEYS[1], 'g', 1)
try('HDEL', KEYS[1], 'g')
try('ZADD', KEYS[2], 1, 'm')
try('ZSCORE', KEYS[2], 'm')
try('ZCARD', KEYS[2])
try('ZRANGE', KEYS[2], 0, -1)
try('ZRANGEBYSCORE', KEYS[2], 0, '+inf')
try('ZREMRANGEBYSCORE', KEYS[2], 2, 3)
try('ZMSCORE', KEYS[2], 'm')
try('ZREM', KEYS[2], 'm')
try('XADD', KEYS[3], 'MAXLEN', '~', 9, '*', 'f', '1')
try('XLEN', KEYS[3])
try('XREVRANGE', KEYS[3], '+', '-', 'COUNT', 1)
try('XRANGE', KEYS[3], '-', '+', 'COUNT', 1)
try('SADD', KEYS[4], 'm')
try('SMEMBERS', KEYS[4])
try('SET', KEYS[5], '1', 'EX', 1)
try('GET', KEYS[5])
try('EXISTS', KEYS[5])
try('PUBLISH', ARGV[1], '')
try('DEL', KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5])
return other or lacks
