-- Which records of a hash there are: some of them, each with the SHA-1 of what it holds.
--
-- KEYS  1 hash
-- ARGV  1 cursor  2 about how many
local page = redis.call('HSCAN', KEYS[1], ARGV[1], 'COUNT', ARGV[2])
for i = 2, #page[2], 2 do
  page[2][i] = redis.sha1hex(page[2][i])
end
return page
