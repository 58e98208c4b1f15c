-- One contact: the recorded decision by id, or else the decision with all that goes with it, if
-- the person's ledger still is as it was when the gateway decided on it; or else that ledger.
--
-- KEYS  1 contact  2 ledger  3 counted  4 received  5 traces  6 audit
--       where there is an item: 7 items  8 waiting  9 queues
--       behind them: the ledgers of other records of the same person, which are only looked at
-- ARGV  1 what is wanted: commit, look, replay, or ledger (as look, but ignores a recorded decision)
--       2 digest  3 token  4 the ledgers' versions that were decided on
--       5 person, or ''  6 counted since  7 whether what was received is wanted: 1 or 0
--       8 decision  9 at  10 audit entry
--       11 item's id, or ''  12 item  13 item's at  14 queue
--       15 contact  16 trace, or ''  17 trace's at  18 traces kept, or '' where fewer are there
--       19 told code, or ''  20 told at  21 lane, or ''
--       22 counted before this is forgotten, or '' where nothing is  23 counted members as JSON
--       24 what the entry is found by  25… at and member of each
--
-- Answers a commit with how many traces there are, -1 where that was not asked.
if ARGV[1] ~= 'ledger' and redis.call('HGET', KEYS[1], 'digest') then
  local known = redis.call('HMGET', KEYS[1], 'digest', 'decision', 'token')
  return {'known', known[1], known[2], known[3]}
end

local wanted, token, person = ARGV[1], ARGV[3], ARGV[5]
if wanted ~= 'replay' then
  local version = '0'
  if person ~= '' then
    version = redis.call('HGET', KEYS[2], 'version') or '0'
  end
  local versions = version
  for i = (ARGV[11] or '') ~= '' and 10 or 7, #KEYS do
    versions = versions .. ' ' .. (redis.call('HGET', KEYS[i], 'version') or '0')
  end
  if wanted == 'look' or wanted == 'ledger' or (person ~= '' and versions ~= ARGV[4]) then
    local ledger, counted, traces = {}, {}, {}
    if person ~= '' then
      ledger = redis.call('HGETALL', KEYS[2])
      counted = redis.call('ZRANGEBYSCORE', KEYS[3], ARGV[6], '+inf')
      if ARGV[7] == '1' then
        local contacts = redis.call('ZRANGE', KEYS[4], 0, -1)
        if #contacts > 0 then
          traces = redis.call('HMGET', KEYS[5], unpack(contacts))
        end
      end
    end
    return {'ledger', version, ledger, counted, traces}
  end
end

-- The first write is one that a full, read-only or cut-off server refuses: then nothing is written.
local record = {'digest', ARGV[2], 'decision', ARGV[8], 'at', ARGV[9], 'token', token}
if person ~= '' then
  record[9], record[10] = 'person', person
  if #ARGV > 24 then
    record[11], record[12] = 'counted', ARGV[23]
  end
end
redis.call('HSET', KEYS[1], unpack(record))

local traces = -1
if person ~= '' then
  local changed = false
  if #ARGV > 24 then
    redis.call('ZADD', KEYS[3], unpack(ARGV, 25))
    if ARGV[22] ~= '' then
      -- The newest 512 (COUNTED_KEPT_NEWEST) are kept by any clock.
      local over = redis.call('ZCARD', KEYS[3]) - 512
      if over > 0 then
        local old = redis.call('ZCOUNT', KEYS[3], '-inf', '(' .. ARGV[22])
        if old > 0 then
          redis.call('ZREMRANGEBYRANK', KEYS[3], 0, math.min(over, old) - 1)
        end
      end
    end
    changed = true
  end
  if ARGV[16] ~= '' then
    redis.call('ZADD', KEYS[4], ARGV[17], ARGV[15])
    redis.call('HSET', KEYS[5], ARGV[15], ARGV[16])
    if ARGV[18] ~= '' then
      traces = redis.call('ZCARD', KEYS[4])
      local over = traces - tonumber(ARGV[18])
      if over > 0 then
        local oldest = redis.call('ZRANGE', KEYS[4], 0, over - 1)
        redis.call('ZREM', KEYS[4], unpack(oldest))
        redis.call('HDEL', KEYS[5], unpack(oldest))
        traces = traces - over
      end
    end
    changed = true
  end
  if ARGV[19] ~= '' then
    local field = 'told.' .. ARGV[19]
    local before = redis.call('HGET', KEYS[2], field)
    -- More than a day ahead: a clock that was wrong wrote it (TOLD_AHEAD_MAX).
    local ahead = before and tonumber(before) - tonumber(ARGV[20]) or 0
    if not before or ahead < 0 or ahead > 86400000000 then
      redis.call('HSET', KEYS[2], field, ARGV[20])
    end
    changed = true
  end
  if ARGV[21] ~= '' then
    redis.call('HINCRBY', KEYS[2], 'lane.' .. ARGV[21], 1)
    changed = true
  end
  if changed then
    redis.call('HSET', KEYS[2], 'version', token)
  end
end

if ARGV[11] ~= '' and redis.call('HSETNX', KEYS[7], ARGV[11], ARGV[12]) == 1 then
  redis.call('ZADD', KEYS[8], ARGV[13], ARGV[11])
  redis.call('SADD', KEYS[9], ARGV[14])
end
append(KEYS[6], ARGV[10], ARGV[24])
return {'done', traces}
