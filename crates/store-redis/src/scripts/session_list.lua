-- Returns the ids of a user's live sessions, coldest first.
-- KEYS[1] the user's sessions by last use. ARGV[1] what precedes a session id in a session's key.
local live = {}
for _, id in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  if redis.call('EXISTS', ARGV[1] .. id) == 1 then
    live[#live + 1] = id
  end
end
return live
