-- Applies one change to a session. Returns 0 when it is gone or has too many subscriptions, or else 1.
-- KEYS[1] the session. ARGV: 'level', the level; or 'subscribe', the URI, subscriptions that it may have;
-- or 'unsubscribe', the URI.
-- Subscriptions are fields 's:<uri>', counted by the field 'n'.
if redis.call('EXISTS', KEYS[1]) == 0 then
  return 0
end
if ARGV[1] == 'level' then
  redis.call('HSET', KEYS[1], 'level', ARGV[2])
elseif ARGV[1] == 'unsubscribe' then
  if redis.call('HDEL', KEYS[1], 's:' .. ARGV[2]) == 1 then
    redis.call('HINCRBY', KEYS[1], 'n', -1)
  end
elseif redis.call('HEXISTS', KEYS[1], 's:' .. ARGV[2]) == 0 then
  if tonumber(redis.call('HGET', KEYS[1], 'n') or 0) >= tonumber(ARGV[3]) then
    return 0
  end
  redis.call('HSET', KEYS[1], 's:' .. ARGV[2], '')
  redis.call('HINCRBY', KEYS[1], 'n', 1)
end
return 1
