-- An equal load for everybody: a connection waits between an answer and its next request, on average so many milliseconds.
local mean = 0

function init(arguments)
  mean = tonumber(arguments[1])
  math.randomseed(1)
end

function delay()
  return math.random(0, 2 * mean)
end
