-- One command.
--
-- KEYS  1 what it is about
-- ARGV  the command's words
return redis.call(unpack(ARGV))
