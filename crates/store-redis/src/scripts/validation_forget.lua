-- Forgets a token's outcome, or all outcomes of a workspace, by beginning a generation. Revocations stay.
-- KEYS: the workspace's generations, the outcome of the one token if it is only one.
-- ARGV: the outcome that means "revoked", milliseconds that generations live.
local now, oldest = string.match(redis.call('GET', KEYS[1]) or '0 0', '^(%d+) (%d+)$')
-- By the clock, so that a Redis that was restarted empty does not count from the beginning.
local time = redis.call('TIME')
local begun = math.max(time[1] * 1000000 + time[2], tonumber(now or 0) + 1)
begun = string.format('%.0f', begun)
if not KEYS[2] then
  oldest = begun
elseif redis.call('GET', KEYS[2]) ~= ARGV[1] then
  redis.call('DEL', KEYS[2])
end
redis.call('SET', KEYS[1], begun .. ' ' .. (oldest or begun), 'PX', ARGV[2])
