-- Around every script: the last argument is the call's name, and its answer begins with it. Where a name
-- of the organisation's trail stands behind it, nothing is done in a store that never bore that name.
local name = table.remove(ARGV)
local trail = string.match(name, ' (.+)$')
if trail then
  local plate = redis.call('GET', string.match(KEYS[1], '^cg1:{[^}]*}:') .. 'nameplate')
  if not plate or not string.find(plate, trail, 1, true) then
    return {err = 'BEHIND another store'}
  end
end
local function step()
--STEP--
end
local answer = step()
if type(answer) == 'table' and answer.err then
  return answer
end
return {name, answer}
