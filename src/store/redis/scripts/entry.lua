-- One audit entry, once.
--
-- KEYS  1 audit  2 once
-- ARGV  1 entry  2 seconds that `once` is kept  3 what the entry is found by
if redis.call('SET', KEYS[2], '1', 'NX', 'EX', ARGV[2]) then
  append(KEYS[1], ARGV[1], ARGV[3])
end
return 1
