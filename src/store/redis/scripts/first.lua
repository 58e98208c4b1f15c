-- Which of these contacts is the first that is recorded, counted from 1; 0: none.
--
-- KEYS  contact of each
if #KEYS == 0 or redis.call('EXISTS', unpack(KEYS)) == 0 then
  return 0
end
for place = 1, #KEYS do
  if redis.call('EXISTS', KEYS[place]) == 1 then
    return place
  end
end
return 0
