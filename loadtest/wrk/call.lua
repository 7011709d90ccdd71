-- Sends one request over and over, each time with an id of its own.
--
-- Arguments (after `--`): FILE CHECK
--   FILE   the whole request as bytes, with @ID@ where the id stands, and @ROW@ where a number of five
--          digits that differs from call to call does; Content-Length is that with an id of 12 digits.
--   CHECK  "every": each body is looked through. "sizes": bodies are not handed to Lua, which would make the
--          generator the slower side; the caller compares the bytes that came with those of a good answer.
--
-- The last line of the output is JSON; times are in microseconds.

local threads = {}

function setup(thread)
  thread:set("thread_number", #threads + 1)
  table.insert(threads, thread)
end

function init(args)
  local file = assert(io.open(args[1], "rb"))
  local template = file:read("*a")
  file:close()
  local function split(text, mark)
    local at = string.find(text, mark, 1, true)
    if at then
      return string.sub(text, 1, at - 1), string.sub(text, at + #mark)
    end
    return text, nil
  end
  -- Members stand in any order: the row may come before the id or after it.
  local before, after = split(template, "@ID@")
  assert(after, "the request has no @ID@")
  local before_row, between = split(before, "@ROW@")
  local until_row, after_row = split(after, "@ROW@")
  -- Twelve digits from the first one on, and no two threads meet.
  local next_id = thread_number * 100000000000
  without_result, failed = 0, 0

  request = function()
    next_id = next_id + 1
    local id = string.format("%d", next_id)
    if between then
      return before_row .. (10000 + next_id % 30000) .. between .. id .. after
    elseif after_row then
      return before .. id .. until_row .. (10000 + next_id % 30000) .. after_row
    end
    return before .. id .. after
  end

  if args[2] == "every" then
    response = function(status, headers, body)
      if not string.find(body, '"result":{', 1, true) then
        without_result = without_result + 1
      elseif string.find(body, '"isError":true', 1, true) then
        failed = failed + 1
      end
    end
  end
end

function done(summary, latency, requests)
  local without_result, failed = 0, 0
  for _, thread in ipairs(threads) do
    without_result = without_result + thread:get("without_result")
    failed = failed + thread:get("failed")
  end
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests":%d,"duration_us":%d,"bytes":%d,"p50_us":%d,"p90_us":%d,"p99_us":%d,"max_us":%d,'
      .. '"socket_errors":%d,"timeouts":%d,"bad_status":%d,"without_result":%d,"failed":%d}\n',
    summary.requests, summary.duration, summary.bytes,
    latency:percentile(50), latency:percentile(90), latency:percentile(99), latency.max,
    errors.connect + errors.read + errors.write, errors.timeout, errors.status, without_result, failed))
end
