-- Takes a place in each window, or in none. KEYS: the windows. ARGV: `take` or `look`, then a limit and a span in seconds for each.
-- A window is a list of acceptances, newest first: `MICROSECONDS MOST LONGEST`. MOST and LONGEST are the largest limit and span that
-- were ever asked of it: as much is kept, so that a limit that is changed, or another one on the same window, stays exact.
local time = redis.call('TIME')
local clock = tonumber(time[1]) * 1000000 + tonumber(time[2])
local windows, open = {}, true

local function moment(key, index)
  local entry = redis.call('LINDEX', key, index)
  return entry and tonumber(string.match(entry, '^%d+'))
end

local function number(text) return string.format('%.0f', text) end

-- The clock of the server was set back, or another server with a slower clock took over: all moments move by as much, so that nobody
-- waits longer than a span for it.
local function move(key, by)
  local entries = redis.call('LRANGE', key, 0, -1)
  redis.call('DEL', key)
  for _, entry in ipairs(entries) do
    local at, rest = string.match(entry, '^(%d+)(.*)$')
    redis.call('RPUSH', key, number(tonumber(at) - by) .. rest)
  end
end

for i, key in ipairs(KEYS) do
  local limit, seconds = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
  local span, now, most, longest = seconds * 1000000, clock, limit, seconds
  local head = redis.call('LINDEX', key, 0)
  if head then
    local at, m, l = string.match(head, '^(%d+) (%d+) (%d+)$')
    m, l = tonumber(m), tonumber(l)
    most, longest = math.max(most, m), math.max(longest, l)
    if ARGV[1] == 'take' and (most > m or longest > l) then
      redis.call('LSET', key, 0, at .. ' ' .. number(most) .. ' ' .. number(longest))
      redis.call('PEXPIRE', key, longest * 1000 + 1000)
    end
    at = tonumber(at)
    if at > now + 1000000 then
      move(key, at - now)
    elseif at > now then
      now = at
    end
  end
  -- How many are younger than the span: they stand in order.
  local length = redis.call('LLEN', key)
  local held = length
  if length > 0 and moment(key, -1) + span <= now then
    local low, high = 0, length - 1
    while low < high do
      local middle = math.floor((low + high) / 2)
      if moment(key, middle) + span <= now then high = middle else low = middle + 1 end
    end
    held = low
  end
  local wait = 0
  if held >= limit then
    open = false
    wait = math.max(1, math.ceil((moment(key, limit - 1) + span - now) / 1000000))
  end
  windows[i] = {limit, span, now, most, longest, held, wait}
end

local answer = {open and 1 or 0}
for i, key in ipairs(KEYS) do
  local limit, span, now, most, longest, held, wait = unpack(windows[i])
  local receipt = ''
  if open and ARGV[1] == 'take' then
    receipt = number(now) .. ' ' .. number(most) .. ' ' .. number(longest)
    redis.call('LPUSH', key, receipt)
    held = held + 1
    for _ = 1, 4 do
      if moment(key, -1) + longest * 1000000 > now then break end
      redis.call('RPOP', key)
    end
    redis.call('LTRIM', key, 0, most - 1)
    redis.call('PEXPIRE', key, longest * 1000 + 1000)
  end
  local reset = 0
  if held > 0 then
    reset = math.max(0, math.ceil((moment(key, math.min(held, limit) - 1) + span - now) / 1000000))
  end
  answer[#answer + 1] = math.max(0, limit - held)
  answer[#answer + 1] = reset
  answer[#answer + 1] = wait
  answer[#answer + 1] = receipt
end
return answer
