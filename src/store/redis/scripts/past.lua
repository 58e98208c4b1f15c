-- What the trail is called, and its last entry.
--
-- KEYS  1 nameplate  2 audit
return {redis.call('GET', KEYS[1]) or '', redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)}
