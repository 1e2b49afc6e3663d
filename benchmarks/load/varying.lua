-- Every request's head is different: path, cookie and referer. The first number is given, so that no round repeats another.
local number = 0

function init(arguments)
  number = tonumber(arguments[1]) or 0
end

function request()
  number = number + 1
  return wrk.format("GET", "/p/" .. number, {
    ["Cookie"] = "session=" .. number,
    ["Referer"] = "http://localhost/" .. number,
    ["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64)",
    ["Accept"] = "text/html",
  })
end
