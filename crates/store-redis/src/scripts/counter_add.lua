-- Adds one to a count and notes when, by Redis' clock. Returns the count.
-- KEYS[1] the count: a hash of n and at (milliseconds). ARGV[1] milliseconds until it starts again.
local time = redis.call('TIME')
redis.call('HSET', KEYS[1], 'at', string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000)))
local count = redis.call('HINCRBY', KEYS[1], 'n', 1)
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return count
