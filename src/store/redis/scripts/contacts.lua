-- Recorded decisions.
--
-- KEYS  contact of each
local found = {}
for i, contact in ipairs(KEYS) do
  found[i] = redis.call('HMGET', contact, 'digest', 'at', 'decision')
end
return found
