-- Opens a session and ends the user's coldest above the limit.
-- KEYS: the user's sessions by last use, the session.
-- ARGV: what precedes a session id in a session's key, the session id, milliseconds to live idle,
-- sessions a user may have, then the session's fields and values in turn.
-- Returns the ids of the sessions that it ended, coldest first. The keys of those are not in KEYS, since
-- only the index knows them; the hash tag puts them into the same slot.
local stem, id, idle, limit = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
redis.call('ZREM', KEYS[1], id)
local live = {}
for _, other in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  if redis.call('EXISTS', stem .. other) == 1 then
    live[#live + 1] = other
  else
    redis.call('ZREM', KEYS[1], other)
  end
end
local ended = {}
for i = 1, #live - limit + 1 do
  redis.call('DEL', stem .. live[i])
  redis.call('ZREM', KEYS[1], live[i])
  ended[i] = live[i]
end
redis.call('DEL', KEYS[2])
redis.call('HSET', KEYS[2], unpack(ARGV, 5))
redis.call('PEXPIRE', KEYS[2], ARGV[3])
local time = redis.call('TIME')
redis.call('ZADD', KEYS[1], string.format('%.0f', time[1] * 1000000 + time[2]), id)
if redis.call('PTTL', KEYS[1]) < idle then
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
end
return ended
