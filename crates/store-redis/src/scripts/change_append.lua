-- Appends a change and signals it.
-- KEYS[1] the log. ARGV: how many changes to keep, the change, the channel, the signal.
-- Returns the change's id. The channel is no key: a cluster's nodes pass messages on to each other.
local id = redis.call('XADD', KEYS[1], 'MAXLEN', ARGV[1], '0-*', 'c', ARGV[2])
redis.call('PUBLISH', ARGV[3], ARGV[4])
return id
