-- Puts a new value in the place of exactly the old one. Returns 1 when it did.
-- KEYS[1] the ticket. ARGV: the old value, the new one, milliseconds to live.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
