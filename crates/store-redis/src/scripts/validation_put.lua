-- Keeps the outcome of a token's validation unless the token was revoked.
-- KEYS[1] the outcome. ARGV: outcome, milliseconds to live, the outcome that means "revoked".
-- Returns 1 when the token is revoked, 0 when the outcome stands.
if redis.call('GET', KEYS[1]) == ARGV[3] then
  return 1
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 0
