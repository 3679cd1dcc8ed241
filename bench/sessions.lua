-- Lists for random stored sessions: wrk -t1 -c16 -d10s -s bench/sessions.lua http://127.0.0.1:8080 -- COUNT
-- Session ids are taken from COUNT lines of sessions.txt in the working directory.
local sessions = {}

function init(args)
  local limit = tonumber(args[1] or "100000")
  for line in io.lines("sessions.txt") do
    sessions[#sessions + 1] = line
    if #sessions == limit then break end
  end
end

function request()
  return wrk.format("GET", "/v1/sessions/" .. sessions[math.random(#sessions)] .. "/recommendations?k=20")
end
