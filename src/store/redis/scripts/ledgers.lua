-- All that is remembered of some people, and the trail's entries at that moment.
--
-- KEYS  1 audit  then ledger, counted, received, traces of each
-- ARGV  1 entries behind this number  2 at most so many; none: no entries are wanted
local entries = {}
if ARGV[1] then
  entries = redis.call('XRANGE', KEYS[1], ARGV[1], '+', 'COUNT', ARGV[2])
end
local found = {}
for i = 2, #KEYS, 4 do
  local traces = {}
  local contacts = redis.call('ZRANGE', KEYS[i + 2], 0, -1)
  if #contacts > 0 then
    traces = redis.call('HMGET', KEYS[i + 3], unpack(contacts))
  end
  found[#found + 1] = {redis.call('HGETALL', KEYS[i]), redis.call('ZRANGE', KEYS[i + 1], 0, -1), traces}
end
return {entries, found}
