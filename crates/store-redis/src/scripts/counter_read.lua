-- Returns a count and the milliseconds since its last addition; 0 and 0 when there is none.
-- KEYS[1] the count: a hash of n and at (milliseconds).
local stored = redis.call('HMGET', KEYS[1], 'n', 'at')
if not stored[1] or not stored[2] then
  return {0, 0}
end
local time = redis.call('TIME')
local since = time[1] * 1000 + math.floor(time[2] / 1000) - tonumber(stored[2])
return {tonumber(stored[1]), math.max(since, 0)}
