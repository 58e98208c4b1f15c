-- A nameplate in the place of the one that was read, if that one still is there.
--
-- KEYS  1 nameplate
-- ARGV  1 as it was, '' for none  2 as it is to be
local is = redis.call('GET', KEYS[1]) or ''
if is == ARGV[2] then
  return 1
end
if is ~= ARGV[1] then
  return 0
end
redis.call('SET', KEYS[1], ARGV[2])
return 1
