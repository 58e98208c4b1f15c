-- One step of a copy into this store: plain writes with the place that the copy has come to, once.
--
-- KEYS  1 once  2… every key that is written
-- ARGV  1 seconds that `once` is kept  then of each write: how many words, and the words
if not redis.call('SET', KEYS[1], '1', 'NX', 'EX', ARGV[1]) then
  return 1
end
local at = 2
while at <= #ARGV do
  local words = tonumber(ARGV[at])
  redis.call(unpack(ARGV, at + 1, at + words))
  at = at + 1 + words
end
return 1
