-- Rows of a mark from a rank on, each with the entry that it leads to, or with none.
--
-- KEYS  1 audit  2 marked
-- ARGV  1 the first rank  2 how many at most
local first = tonumber(ARGV[1])
local rows = {}
for i, number in ipairs(redis.call('ZRANGE', KEYS[2], first, first + tonumber(ARGV[2]) - 1)) do
  local id = number .. '-0'
  -- A row that somebody put there may name no number.
  local found = redis.pcall('XRANGE', KEYS[1], id, id)
  if found.err then
    found = {}
  end
  rows[i] = { number, found }
end
return rows
