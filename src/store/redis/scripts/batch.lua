-- What a member of staff writes in one step: documents, people, items and audit entries, all or nothing,
-- where everything that it replaces still is as it was read.
--
-- KEYS  1 once  2 people  3 changes  4 audit  5… every other key that is looked at or written
-- ARGV  1 seconds that `once` is kept  2 changes kept  3 changes told one by one  4 channel  5 organisation
--       then how many records are looked at, and of each: its hash's place in KEYS, its field, the SHA-1
--       of the record as it was read, '' for none
--       then how many people, and of each: id, record
--       then how many people are removed, and of each: id
--       then how many audit entries, and of each: the entry, what it is found by
--       then of each other write: how many words, and the words
--
-- Answers {0, number of the last change before these}, or {place of the record that is another}.
local done = redis.call('GET', KEYS[1])
if done then
  return {0, done}
end
local at = 6
local function size()
  at = at + 1
  return tonumber(ARGV[at - 1])
end
for place = 1, size() do
  local is = redis.call('HGET', KEYS[tonumber(ARGV[at])], ARGV[at + 1])
  local was = ARGV[at + 2]
  if (is and redis.sha1hex(is) or '') ~= was then
    return {place}
  end
  at = at + 3
end
local before = '0'
local people = size()
local gone = tonumber(ARGV[at + 2 * people])
local number = 0
local function note(field, value)
  number = number + 1
  redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[2], string.format('%.0f-0', number), field, value)
end
if people + gone > 0 then
  local last = redis.call('XREVRANGE', KEYS[3], '+', '-', 'COUNT', 1)
  if #last > 0 then
    number = tonumber(string.match(last[1][1], '^%d+'))
  end
  before = string.format('%.0f', number)
end
local roll = string.sub(KEYS[2], 1, -7) .. 'roll'
if people > 0 then
  local behind = at + 2 * people
  -- Many with one call: Lua hands over at most some thousands of values at once.
  for i = at, behind - 1, 2000 do
    local upto = math.min(i + 1999, behind - 1)
    redis.call('HSET', KEYS[2], unpack(ARGV, i, upto))
    local ids = {}
    for place = i, upto, 2 do
      ids[#ids + 1] = '0'
      ids[#ids + 1] = ARGV[place]
    end
    redis.call('ZADD', roll, unpack(ids))
  end
  if people > tonumber(ARGV[3]) then
    note('all', '1')
  else
    for i = at, behind - 1, 2 do
      note('person', ARGV[i])
    end
  end
  at = behind
end
for _ = 1, size() do
  redis.call('HDEL', KEYS[2], ARGV[at])
  redis.call('ZREM', roll, ARGV[at])
  note('person', ARGV[at])
  at = at + 1
end
for _ = 1, size() do
  append(KEYS[4], ARGV[at], ARGV[at + 1])
  at = at + 2
end
while at <= #ARGV do
  local words = size()
  redis.call(unpack(ARGV, at, at + words - 1))
  at = at + words
end
redis.call('SET', KEYS[1], before, 'EX', ARGV[1])
if people + gone > 0 then
  redis.call('PUBLISH', ARGV[4], before .. ' ' .. ARGV[5])
end
return {0, before}
