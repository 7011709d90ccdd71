-- Keeps the outcome of a token's validation, unless the token was revoked or something was forgotten meanwhile.
-- KEYS: the outcome, the workspace's generations. ARGV: outcome, milliseconds to live, the outcome that means
-- "revoked", the generation that was read before ('' for an outcome that is kept in any).
-- Returns 1 when the token is revoked, or else 0.
local stored = redis.call('MGET', KEYS[1], KEYS[2])
if stored[1] == ARGV[3] then
  return 1
end
local now = string.match(stored[2] or '0 0', '^%d+')
if ARGV[4] == '' or ARGV[4] == now then
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
end
return 0
