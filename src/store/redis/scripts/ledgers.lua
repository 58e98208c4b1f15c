-- All that is remembered of some people.
--
-- KEYS  ledger, counted, received, traces of each
local found = {}
for i = 1, #KEYS, 4 do
  local traces = {}
  local contacts = redis.call('ZRANGE', KEYS[i + 2], 0, -1)
  if #contacts > 0 then
    traces = redis.call('HMGET', KEYS[i + 3], unpack(contacts))
  end
  found[#found + 1] = {redis.call('HGETALL', KEYS[i]), redis.call('ZRANGE', KEYS[i + 1], 0, -1), traces}
end
return found
