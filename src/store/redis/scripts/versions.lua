-- The versions of ledgers, '' where there is none.
--
-- KEYS  ledger of each
local found = {}
for i, ledger in ipairs(KEYS) do
  found[i] = redis.call('HGET', ledger, 'version') or ''
end
return found
