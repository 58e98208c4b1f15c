-- What one would write to limit contacts with Redis alone: a person's restriction and their counter in
-- one round trip. KEYS: restriction, counter. Answers what to do, whom to ask instead, how many.
local found = redis.call('HMGET', KEYS[1], 'state', 'channel', 'instead', 'limit', 'seconds', 'within')
if found[1] ~= 'active' then return {'deliver', '', 0} end
local used = redis.call('INCR', KEYS[2])
if used == 1 then redis.call('EXPIRE', KEYS[2], found[5]) end
if used > tonumber(found[4]) then return {'limit', found[3], used} end
return {found[6], found[3], used}
