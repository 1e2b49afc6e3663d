"""return, add_header, server_tokens."""

from __future__ import annotations

import pytest

from .documents import TEN_ETAG
from .exchange import Deviation, Exchange, get, head, post
from .pair import Pair
from .upstream import answer

CONFIG = """
    server {
        listen 127.0.0.1:@main@;
        root @root@;
        location /text { return 200 "plain text"; }
        location /typed { default_type application/json; return 200 '{"a": "$arg_a"}'; }
        location /emptytext { return 200 ""; }
        location /code200 { return 200; }
        location /code204 { return 204; }
        location /code403 { return 403; }
        location /code404 { return 404 "own text"; }
        location /code444 { return 444; }
        location /code408 { return 408; }
        location /code500 { return 500; }
        location /code503 { return 503 "busy"; }
        location /code299 { return 299 "odd"; }
        location /code600 { return 600 "odder"; }
        location /code304 { return 304; }
        location /code0 { return 499; }
        location /r301 { return 301 /target; }
        location /r302 { return 302 /target?$args; }
        location /r303 { return 303 target; }
        location /r307 { return 307 https://elsewhere.example$request_uri; }
        location /r308 { return 308 $scheme://$host/new$uri; }
        location /url { return http://elsewhere.example/; }
        location /schemeless { return 302 //elsewhere.example/; }
        location /msie/ {
            msie_refresh on;
            add_header X-One one always;
            location /msie/301 { return 301 /target?$args; }
            location /msie/302 { return 302 'to "<$arg_to>" {|}'; }
            location /msie/303 { return 303 /target; }
            location /msie/rewrite { rewrite ^ /target permanent; }
            location /msie/page { error_page 404 http://elsewhere.example/; return 404; }
            location /msie/off { msie_refresh off; return 301 /target; }
            location /msie/folder { alias @root@/folder; }
        }
        location /emptyurl { return 302 ""; }
        location /escaped { return 302 /$arg_to; }
        location /dollar { return 200 "$host:$server_port $request_method $scheme $server_protocol $remote_addr"; }
        location /request {
            return 200 "$request|$http_x_one|$http_user_agent|$content_length|$content_type|$cookie_a|$arg_b|$is_args";
        }
        location /braces { return 200 "${arg_a}b"; }
        location /hostname { return 200 "$server_addr $server_name $document_root $realpath_root"; }

        location /add/ {
            alias @root@/;
            add_header X-One one;
            add_header X-Two "two $request_method";
            add_header X-Always always always;
            add_header X-Empty "";
            add_header X-None $http_none;
        }
        location /addreturn { add_header X-One one; add_header X-Always always always; return 404 "text"; }
        location /addredirect { add_header X-One one; return 301 /target; }
        location /addproxy/ {
            proxy_pass http://@upstream@;
            add_header X-One one;
            add_header X-Always always always;
            add_header Cache-Control no-store;
            add_header Set-Cookie "ours=1";
        }
        location /outer/ {
            alias @root@/;
            add_header X-Outer outer;
            location /outer/folder/ { alias @root@/folder/; }
            location /outer/bare/ { alias @root@/bare/; add_header X-Inner inner; }
        }
        location /status/ { alias @root@/; add_header X-Status "$status $sent_http_content_type" always; }
    }
    server {
        listen 127.0.0.1:@quiet@;
        root @root@;
        server_tokens off;
        location /proxy/ { proxy_pass http://@refused@; }
    }
"""

MSIE = "User-Agent: Mozilla/4.0 (compatible; MSIE 6.0)"

EXCHANGES = [
    Exchange("text", get("/text"), contains="'plain text'"),
    Exchange("text, head", head("/text"), contains="Content-Length: 10"),
    Exchange("text, post", post("/text", b"body")),
    Exchange("text, HTTP/1.0", get("/text", version="1.0")),
    Exchange("text with a type and a variable", get("/typed?a=b"), contains="application/json"),
    Exchange("text with a variable that is empty", get("/typed")),
    Exchange("text with a range", get("/text", "Range: bytes=0-1"), 200),
    Exchange("empty text", get("/emptytext")),
    Exchange("200 without text", get("/code200")),
    Exchange("204", get("/code204"), 204),
    Exchange("403", get("/code403"), 403, contains="403 Forbidden</h1>"),
    Exchange("403, head", head("/code403"), 403),
    Exchange("403, post", post("/code403", b"body"), 403),
    Exchange("404 with a text", get("/code404"), 404, contains="'own text'"),
    Exchange("444 closes without an answer", get("/code444"), (), contains="connection: closed"),
    Exchange("408 closes without an answer", get("/code408"), (), contains="connection: closed"),
    Exchange("500", get("/code500"), 500, contains="500 Internal Server Error</h1>"),
    Exchange("503 with a text", get("/code503"), 503),
    Exchange("a status without a name", get("/code299"), 299),
    Exchange("a status above all", get("/code600"), 600),
    Exchange("304", get("/code304"), 304),
    Exchange("301", get("/r301"), 301, contains="Location: http://localhost:@main@/target"),
    Exchange("301, head", head("/r301"), 301),
    Exchange("301, HTTP/1.0 without Host", get("/r301", host=None, version="1.0"), 301),
    Exchange("302 with a query", get("/r302?a=b%20c"), 302, contains="/target?a=b%20c"),
    Exchange("303 to a relative name", get("/r303"), 303, contains="Location: target"),
    Exchange("307 to another site", get("/r307/a?b"), 307, contains="https://elsewhere.example/r307/a?b"),
    Exchange("308", get("/r308/a"), 308, contains="http://localhost/new/r308/a"),
    Exchange("an address alone is a 302", get("/url"), 302),
    Exchange("an address without a scheme", get("/schemeless"), 302),
    Exchange("an empty address", get("/emptyurl"), 302),
    Exchange("arguments are not decoded", get("/escaped?to=a%0d%0aX-Evil:1"), 302, contains="/a%0d%0aX-Evil:1"),
    Exchange("variables of the connection", get("/dollar"), contains="GET http HTTP/1.1 127.0.0.1"),
    Exchange("variables of the request", get("/request?b=1&c", "X-One: one", "Cookie: a=1; b=2", "User-Agent: me")),
    Exchange(
        "variables of a request with a body", post("/request", b"body", "Content-Type: text/x", "X-One: 1", "X-One: 2")
    ),
    Exchange("variables, several cookies", get("/request", "Cookie: b=2", "Cookie: a=1")),
    Exchange("variables in braces", get("/braces?a=1"), contains="'1b'"),
    Exchange("variables of the server", get("/hostname")),
    Exchange("add_header", get("/add/ten.txt"), contains="X-Two: two GET", lacks="X-Empty"),
    Exchange("add_header, head", head("/add/ten.txt")),
    Exchange("add_header and 404", get("/add/none"), 404, contains="X-Always: always", lacks="X-One"),
    Exchange("add_header and 304", get("/add/ten.txt", f"If-None-Match: {TEN_ETAG}"), 304, contains="X-One: one"),
    Exchange("add_header and 206", get("/add/ten.txt", "Range: bytes=0-1"), 206, contains="X-One: one"),
    Exchange(
        "add_header and 416",
        get("/add/ten.txt", "Range: bytes=99-"),
        416,
        contains="  X-Always: always\n  X-Always: always\n",
        deviates=Deviation(
            416, "a 416 gets the added fields of an error, once", contains="  X-Always: always\n", lacks="X-One"
        ),
    ),
    Exchange("add_header and a redirect", get("/addredirect"), 301, contains="X-One: one"),
    Exchange("add_header and a returned 404", get("/addreturn"), 404, contains="X-Always", lacks="X-One"),
    Exchange("add_header and a folder", get("/add/folder"), 301),
    Exchange(
        "add_header and the upstream",
        get("/addproxy/"),
        upstream=answer("X-One: theirs", "Cache-Control: private", "Set-Cookie: theirs=1"),
    ),
    Exchange(
        "add_header and the upstream's 500",
        get("/addproxy/"),
        500,
        upstream=answer(status="500 Internal Server Error"),
        lacks="X-One",
    ),
    Exchange(
        "add_header and the upstream's 201",
        get("/addproxy/"),
        201,
        upstream=answer(status="201 Created"),
        contains="X-One",
    ),
    Exchange("add_header is inherited", get("/outer/folder/page.html"), contains="X-Outer"),
    Exchange("add_header replaces all", get("/outer/bare/file.txt"), contains="X-Inner", lacks="X-Outer"),
    Exchange("add_header with what is known at the end", get("/status/ten.txt"), contains="X-Status: 200 text/plain"),
    Exchange("add_header with what is known at the end, 404", get("/status/none"), 404, contains="X-Status: 404"),
    Exchange("msie_refresh", get("/msie/301?a=b", MSIE), contains='URL=/target?a=b"', lacks="Location:"),
    Exchange("msie_refresh, HEAD", head("/msie/301", MSIE)),
    Exchange("msie_refresh, quoted", get("/msie/302?to=%41%22'\\", MSIE), contains="%22%3C%41%22%27%5C%3E%22"),
    Exchange("msie_refresh, for an error", get("/msie/page", MSIE), contains="URL=http://elsewhere.example/"),
    Exchange("msie_refresh, of a folder", get("/msie/folder", MSIE), contains="URL=/msie/folder/"),
    Exchange("msie_refresh, rewritten", get("/msie/rewrite", MSIE), contains="URL=/target"),
    Exchange("msie_refresh, See Other", get("/msie/303", MSIE), 303),
    Exchange("msie_refresh off", get("/msie/off", MSIE), 301, contains="Location:"),
    Exchange("msie_refresh, Opera", get("/msie/301", MSIE + " Opera"), 301),
    Exchange("msie_refresh, no version", get("/msie/301", "User-Agent: MSIE 6"), 301),
    Exchange("msie_refresh, nobody", get("/msie/301"), 301),
    Exchange("server_tokens on", get("/none"), 404, contains="Server: <server/version>"),
    Exchange("server_tokens off", get("/none"), 404, at="quiet", contains="<center><server></center>"),
    Exchange("server_tokens off, a file", get("/ten.txt"), at="quiet", contains="Server: <server>"),
    Exchange("server_tokens off, the upstream refuses", get("/proxy/"), 502, at="quiet"),
    Exchange("server_tokens off, bad request", get("/%zz"), 400, at="quiet"),
]

# every status that has a page of its own
PAGES = (
    *(300, 400, 401, 402, 403, 404, 405, 406, 409, 410, 411, 412, 413, 414, 415, 416, 417, 418, 421, 429, 431),
    *(500, 501, 502, 503, 504, 505, 507),
)
RETURNS = " ".join(f"location /{code} {{ return {code}; }}" for code in PAGES)
CONFIG += f"server {{ listen 127.0.0.1:@pages@; {RETURNS} }}"
EXCHANGES += [Exchange(f"page {code}", get(f"/{code}"), code, at="pages") for code in PAGES]


@pytest.mark.parametrize("exchange", EXCHANGES, ids=str)
def test_return_add_header(pair: Pair, exchange: Exchange) -> None:
    pair.compare(exchange)
