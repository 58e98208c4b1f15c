-- Put before every script that writes an audit entry: the entry's number is one more than the
-- last one's, and scripts run one at a time, so that no number is left out or given twice.
local function append(trail, entry)
  local last = redis.call('XREVRANGE', trail, '+', '-', 'COUNT', 1)
  local number = 1
  if #last > 0 then
    number = tonumber(string.match(last[1][1], '^%d+')) + 1
  end
  redis.call('XADD', trail, string.format('%.0f-0', number), 'entry', entry)
end
