-- Entries of the trail between two numbers, in their order or against it: all of them, or those under a mark.
--
-- KEYS  1 audit  2 marked, where there is a mark
-- ARGV  1 from  2 to, or `+inf`  3 `up` or `down`  4 how many at most
local from, to, up = ARGV[1], ARGV[2], ARGV[3] == 'up'
if not KEYS[2] then
  local low = from .. '-0'
  local high = to == '+inf' and '+' or to .. '-0'
  if up then
    return redis.call('XRANGE', KEYS[1], low, high, 'COUNT', ARGV[4])
  end
  return redis.call('XREVRANGE', KEYS[1], high, low, 'COUNT', ARGV[4])
end
local numbers
if up then
  numbers = redis.call('ZRANGEBYSCORE', KEYS[2], from, to, 'LIMIT', 0, ARGV[4])
else
  numbers = redis.call('ZREVRANGEBYSCORE', KEYS[2], to, from, 'LIMIT', 0, ARGV[4])
end
-- A row may lead nowhere: to an entry that was erased with somebody else. It is answered without fields, so that as
-- many are answered as were looked at.
local entries = {}
for i, number in ipairs(numbers) do
  local id = number .. '-0'
  entries[i] = redis.call('XRANGE', KEYS[1], id, id)[1] or { id, {} }
end
return entries
