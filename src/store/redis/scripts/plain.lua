-- Decisions on unrestricted contacts, each unless its id is recorded already.
--
-- KEYS  1 audit  2… contact of each
-- ARGV  1 token  then digest, at, decision, audit entry, what the entry is found by, of each
for i = 2, #KEYS do
  local from = 5 * (i - 2) + 1
  if redis.call('EXISTS', KEYS[i]) == 0 then
    redis.call('HSET', KEYS[i], 'digest', ARGV[from + 1], 'at', ARGV[from + 2],
      'decision', ARGV[from + 3], 'token', ARGV[1])
    append(KEYS[1], ARGV[from + 4], ARGV[from + 5])
  end
end
return 1
