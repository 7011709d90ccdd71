-- Reads a stream whose ids are 0-1, 0-2, … after a place.
-- KEYS[1] the stream. ARGV: the place, how many entries at most.
-- Returns nil when there is no stream, or else the last id ('' when entries follow) and the entries.
local entries = redis.call('XRANGE', KEYS[1], '(0-' .. ARGV[1], '+', 'COUNT', ARGV[2])
if #entries > 0 then
  return {'', entries}
end
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
if #last == 0 then
  return false
end
return {last[1][1], entries}
