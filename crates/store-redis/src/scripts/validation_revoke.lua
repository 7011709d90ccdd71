-- Revokes a token, and never for a shorter time than before.
-- KEYS[1] the outcome. ARGV: milliseconds to live, the outcome that means "revoked".
if redis.call('GET', KEYS[1]) == ARGV[2] and redis.call('PTTL', KEYS[1]) >= tonumber(ARGV[1]) then
  return
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[1])
