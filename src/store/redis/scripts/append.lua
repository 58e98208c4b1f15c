-- Put before every script that writes audit entries: an entry's number is one more than the last one's,
-- and scripts run one at a time, so that no number is left out or given twice. A trail from which nothing
-- was taken is as long as its last number says, and asking for that is cheaper than reading its last
-- entry; where it is shorter Redis refuses the number, and the last entry says it.
--
-- `notes` is what the entry is found by, as JSON (`marks.rs`): its day, then its marks. They stand beside
-- the trail, under keys that begin as its own.
local numbers = {}
local function append(trail, entry, notes)
  local number = (numbers[trail] or redis.call('XLEN', trail)) + 1
  local added = redis.pcall('XADD', trail, string.format('%.0f-0', number), 'entry', entry)
  if type(added) == 'table' then
    local last = redis.call('XREVRANGE', trail, '+', '-', 'COUNT', 1)
    number = 1
    if #last > 0 then
      number = tonumber(string.match(last[1][1], '^%d+')) + 1
    end
    redis.call('XADD', trail, string.format('%.0f-0', number), 'entry', entry)
  end
  numbers[trail] = number
  local beside = string.sub(trail, 1, -6)
  local noted = cjson.decode(notes)
  local block = string.format('%.0f %.0f', noted[1], math.floor(number / 1024))
  redis.call('ZADD', beside .. 'days', noted[1], block)
  for i = 2, #noted do
    local text = string.format('%.0f', number)
    redis.call('ZADD', beside .. 'marked:' .. noted[i], text, text)
  end
end
