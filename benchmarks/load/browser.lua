-- The head of a browser: 15 fields, 900 bytes. With a number as argument, path, cookie and referer differ every time.
local number = 0
local varies = false
local fields = {
  ["Host"] = "golink.example.org",
  ["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
  ["Accept"] = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8",
  ["Accept-Language"] = "en-GB,en;q=0.9,zh-CN;q=0.8,zh;q=0.7,de;q=0.6",
  ["Accept-Encoding"] = "gzip, deflate, br, zstd",
  ["Cache-Control"] = "max-age=0",
  ["DNT"] = "1",
  ["Priority"] = "u=0, i",
  ["Upgrade-Insecure-Requests"] = "1",
  ["Sec-Fetch-Dest"] = "document",
  ["Sec-Fetch-Mode"] = "navigate",
  ["Sec-Fetch-Site"] = "same-origin",
  ["Sec-Fetch-User"] = "?1",
}
local secret = "eyJ1c2VyIjoxMjM0NTY3ODkwLCJ0b2tlbiI6IjhkNzc0ZjI4LTVhY2QtNGIzYi1hZjQ2LTdlYjI1ZDQ0ZDIzMSJ9"
local same

local function head(n)
  fields["Cookie"] = "session=" .. secret .. "." .. n .. "; language=en; theme=dark; seen=" .. n
  fields["Referer"] = "https://golink.example.org/links/page/" .. n .. "?sort=newest&per_page=50"
  return wrk.format("GET", "/p/" .. n, fields)
end

function init(arguments)
  varies = arguments[1] ~= nil
  number = tonumber(arguments[1]) or 1000000
  same = head(number)
end

function request()
  if not varies then
    return same
  end
  number = number + 1
  return head(number)
end
