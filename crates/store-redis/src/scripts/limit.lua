-- Takes one call from every bucket, or from none (GCRA).
-- KEYS: the theoretical arrival time of each bucket's next call, in microseconds by Redis' clock.
-- ARGV: for each key two numbers, the microseconds in which one call refills and in which all do.
-- Returns the index of the first bucket without room (0: all had room), and the microseconds to wait
-- until all have room.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local stored = redis.call('MGET', unpack(KEYS))
local first, wait, arrivals = 0, 0, {}
for i = 1, #KEYS do
  local interval, window = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  local last = tonumber(stored[i] or now)
  -- Further ahead than a full window: the clock went back, or the budget was smaller.
  last = math.min(math.max(last, now), now + window)
  arrivals[i] = last + interval
  local ahead = arrivals[i] - window - now
  if ahead > 0 then
    if first == 0 then first = i end
    if ahead > wait then wait = ahead end
  end
end
if first > 0 then
  return {first, wait}
end
for i = 1, #KEYS do
  local full_in = math.ceil((arrivals[i] - now) / 1000)
  redis.call('SET', KEYS[i], string.format('%.0f', arrivals[i]), 'PX', string.format('%.0f', full_in))
end
return {0, 0}
