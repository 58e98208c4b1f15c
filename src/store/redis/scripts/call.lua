-- Around every script: the last argument is the call's name, and its answer begins with it.
local name = table.remove(ARGV)
local function step()
--STEP--
end
local answer = step()
if type(answer) == 'table' and answer.err then
  return answer
end
return {name, answer}
