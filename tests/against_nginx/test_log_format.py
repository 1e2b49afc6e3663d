"""Access-log lines."""

from __future__ import annotations

import pytest

from .exchange import ANSWER, LEAVE, UPSTREAM_ASKED, Deviation, Exchange, get, head, post, request
from .pair import Pair
from .upstream import CLOSE, HANG, Reply, answer

# a log line is compared as it is written, so every format leaves out what differs between two runs
CONFIG = """
    log_format short "$remote_addr $request_method $uri $status";
    log_format sizes "$status $body_bytes_sent $content_length $http_range $sent_http_content_length";
    log_format request "[$request] $request_uri $uri $args $server_protocol $scheme $host $server_name";
    log_format fields '"$http_user_agent" "$http_referer" "$http_x_odd" "$cookie_a" "$arg_a" $remote_user';
    log_format json escape=json '{"request": "$request", "agent": "$http_user_agent", "none": "$http_none"}';
    log_format none escape=none "$http_user_agent";
    log_format upstream "$status $upstream_status $upstream_addr $upstream_response_length "
                        "$upstream_http_x_one $proxy_host";
    log_format length "$request_length $pipe";
    log_format nothing "";
    log_format connection "$connection_requests $request_completion $server_port";
    server {
        listen 127.0.0.1:@main@;
        server_name site;
        root @root@;
        access_log @prefix@/access.log short;
        location /combined/ { alias @root@/; access_log @prefix@/access.log; }
        location /named/ { alias @root@/; access_log @prefix@/access.log combined; }
        location /sizes/ { alias @root@/; access_log @prefix@/access.log sizes; }
        location /request/ { alias @root@/; access_log @prefix@/access.log request; }
        location /fields/ { alias @root@/; access_log @prefix@/access.log fields; }
        location /json/ { alias @root@/; access_log @prefix@/access.log json; }
        location /none/ { alias @root@/; access_log @prefix@/access.log none; }
        location /connection/ { alias @root@/; access_log @prefix@/access.log connection; }
        location /length/ { alias @root@/; access_log @prefix@/access.log length; }
        location /lengthup/ { proxy_pass http://@upstream@; access_log @prefix@/access.log length; }
        location /nothing/ { alias @root@/; access_log @prefix@/access.log NOTHING; }
        location /variable/ { alias @root@/; access_log @prefix@/$arg_name.log short; }
        location /rootless/ { root @root@/nowhere; access_log @prefix@/$arg_name.log short; }
        location /buffered/ { alias @root@/; access_log @prefix@/access.log short buffer=1k flush=50ms; }
        location /off/ { alias @root@/; access_log off; }
        location /two/ { alias @root@/; access_log @prefix@/access.log short; access_log @prefix@/access.log request; }
        location /index/ { alias @root@/; access_log @prefix@/access.log request; }
        location /upstream/ { proxy_pass http://@upstream@; access_log @prefix@/access.log upstream; }
        location /sizesup/ { proxy_pass http://@upstream@; access_log @prefix@/access.log sizes; }
        location /refused/ { proxy_pass http://@refused@/; access_log @prefix@/access.log short; }
        location /return/ { return 200 "text"; access_log @prefix@/access.log sizes; }
        location /returnrequest/ { return 200 "text"; access_log @prefix@/access.log request; }
    }
    server {
        listen 127.0.0.1:@bad@;
        server_name site;
        access_log @prefix@/access.log request;
    }
    server {
        listen 127.0.0.1:@badstatus@;
        access_log @prefix@/access.log short;
    }
"""


def logged(name: str, send: bytes | list[object], status: int | tuple[int, ...], line: str, **more: object) -> Exchange:
    """An exchange whose log line is known."""
    return Exchange(name, send, status, contains=f"log: {line}\n", **{"logs": 1, **more})  # type: ignore[arg-type]


AGENT = "User-Agent: Mozilla/5.0 (X11)"
ESCAPED = "gr\\\\xC3\\\\xBC\\\\xC3\\\\x9F"
QUOTED = 'User-Agent: a "quoted" \\ name'

EXCHANGES = [
    logged(
        "combined",
        get("/combined/ten.txt", AGENT, "Referer: http://a/"),
        200,
        '127.0.0.1 - - [<time>] "GET /combined/ten.txt HTTP/1.1" 200 10 "http://a/" "Mozilla/5.0 (X11)"',
    ),
    logged(
        "combined by name",
        get("/named/ten.txt?a=b"),
        200,
        '127.0.0.1 - - [<time>] "GET /named/ten.txt?a=b HTTP/1.1" 200 10 "-" "-"',
    ),
    logged(
        "combined, not found",
        head("/combined/none"),
        404,
        '127.0.0.1 - - [<time>] "HEAD /combined/none HTTP/1.1" 404 0 "-" "-"',
    ),
    logged(
        "combined, not modified",
        get("/combined/ten.txt", "If-None-Match: *"),
        304,
        '127.0.0.1 - - [<time>] "GET /combined/ten.txt HTTP/1.1" 304 0 "-" "-"',
    ),
    logged(
        "combined with a user",
        get("/combined/ten.txt", "Authorization: Basic Ym9iOng="),
        200,
        '127.0.0.1 - bob [<time>] "GET /combined/ten.txt HTTP/1.1" 200 10 "-" "-"',
    ),
    logged("short", get("/ten.txt"), 200, "127.0.0.1 GET /ten.txt 200"),
    logged("short, post", post("/ten.txt", b"body"), 405, "127.0.0.1 POST /ten.txt 405"),
    logged("sizes", get("/sizes/ten.txt"), 200, "200 10 - - 10"),
    logged("sizes, head", head("/sizes/ten.txt"), 200, "200 0 - - 10"),
    logged("sizes, range", get("/sizes/ten.txt", "Range: bytes=0-3"), 206, "206 4 - bytes=0-3 4"),
    logged("sizes, a big file", get("/sizes/big.bin"), 200, "200 307200 - - 307200"),
    logged("sizes, a text", get("/return/"), 200, "200 4 - - 4"),
    logged("sizes, a body that is not read", post("/return/", b"body"), 200, "200 4 4 - 4"),
    logged("sizes, a body that is passed", post("/sizesup/", b"body"), 200, "200 2 4 - 2"),
    logged(
        "sizes, chunked from the upstream",
        get("/sizesup/"),
        200,
        "200 12 - - -",
        upstream=Reply(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"),
    ),
    logged(
        "sizes, a body that is cut",
        get("/sizesup/"),
        200,
        "200 5 - - 10",
        upstream=Reply(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", CLOSE),
    ),
    logged(
        "request",
        get("/request/%74en.txt?a=b"),
        200,
        "[GET /request/%74en.txt?a=b HTTP/1.1] /request/%74en.txt?a=b /request/ten.txt a=b HTTP/1.1 "
        "http localhost site",
    ),
    logged(
        "request, HTTP/1.0 without Host",
        get("/request/ten.txt", host=None, version="1.0"),
        200,
        "[GET /request/ten.txt HTTP/1.0] /request/ten.txt /request/ten.txt - HTTP/1.0 http site site",
    ),
    logged(
        "request, absolute form",
        get("http://Other/request/ten.txt"),
        200,
        "[GET http://Other/request/ten.txt HTTP/1.1] /request/ten.txt /request/ten.txt - HTTP/1.1 http other site",
    ),
    logged(
        "request with bytes beyond ASCII",
        get("/request/grüß".encode()),
        404,
        f"[GET /request/{ESCAPED} HTTP/1.1] /request/{ESCAPED} /request/{ESCAPED} - HTTP/1.1 http localhost site",
    ),
    logged(
        "request with quotes",
        get('/request/a"b'),
        404,
        "[GET /request/a\\\\x22b HTTP/1.1] /request/a\\\\x22b /request/a\\\\x22b - HTTP/1.1 http localhost site",
    ),
    logged(
        "request of an index",
        get("/index/"),
        200,
        "[GET /index/ HTTP/1.1] /index/ /index/index.html - HTTP/1.1 http localhost site",
    ),
    logged(
        "fields",
        get("/fields/ten.txt?a=1", AGENT, "Referer: http://b/", "X-Odd: odd", "Cookie: a=2"),
        200,
        '"Mozilla/5.0 (X11)" "http://b/" "odd" "2" "1" -',
    ),
    logged("fields, none", get("/fields/ten.txt"), 200, '"-" "-" "-" "-" "-" -'),
    logged("fields, empty", get("/fields/ten.txt?a=", "User-Agent:", "X-Odd: "), 200, '"" "-" "" "-" "" -'),
    logged(
        "fields with quotes and a backslash",
        get("/fields/ten.txt", QUOTED),
        200,
        '"a \\\\x22quoted\\\\x22 \\\\x5C name" "-" "-" "-" "-" -',
    ),
    logged(
        "fields beyond ASCII",
        get("/fields/ten.txt", b"User-Agent: gr\xc3\xbc"),
        200,
        '"gr\\\\xC3\\\\xBC" "-" "-" "-" "-" -',
    ),
    logged("fields with a tab", get("/fields/ten.txt", "User-Agent: a\tb"), 200, '"a\\\\x09b" "-" "-" "-" "-" -'),
    logged("fields, repeated", get("/fields/ten.txt", "X-Odd: 1", "X-Odd: 2"), 200, '"-" "-" "1, 2" "-" "-" -'),
    logged(
        "json",
        get("/json/ten.txt", QUOTED),
        200,
        '{"request": "GET /json/ten.txt HTTP/1.1", "agent": "a \\"quoted\\" \\\\\\\\ name", "none": ""}',
    ),
    logged(
        "json beyond ASCII",
        get("/json/ten.txt", b"User-Agent: gr\xc3\xbc\tx"),
        200,
        '{"request": "GET /json/ten.txt HTTP/1.1", "agent": "gr\\xc3\\xbc\\\\tx", "none": ""}',
    ),
    logged("no escaping", get("/none/ten.txt", QUOTED), 200, 'a "quoted" \\\\ name'),
    logged("first request of a connection", get("/connection/ten.txt"), 200, "1 OK @main@"),
    logged("pipelined requests", get("/connection/ten.txt") * 3, (200, 200, 200), "3 OK @main@", logs=3),
    logged("length", get("/length/ten.txt"), 200, "49 ."),
    logged("length, HTTP/1.0", get("/length/ten.txt", host=None, version="1.0"), 200, "32 ."),
    logged("length, a body that is passed", post("/lengthup/", b"body"), 200, "68 ."),
    logged(
        "length, a chunked body",
        request("POST", "/lengthup/", "Transfer-Encoding: chunked", body=b"4;x=y\r\nbody\r\n0\r\n\r\n"),
        200,
        "91 .",
    ),
    logged("length, a body that nobody reads", post("/length/ten.txt", b"body"), 405, "69 ."),
    logged("pipelined", get("/length/ten.txt") * 3, (200, 200, 200), "49 .\nlog: 49 p\nlog: 49 p", logs=3),
    logged("one after the other", [get("/length/ten.txt"), ANSWER] * 2, (200, 200), "49 .\nlog: 49 .", logs=2),
    logged(
        "pipelined, then one more",
        [get("/length/ten.txt") * 2, ANSWER, ANSWER, get("/length/ten.txt")],
        (200, 200, 200),
        "49 .\nlog: 49 p\nlog: 49 .",
        logs=3,
    ),
    logged("an empty format, its name in other letters", get("/nothing/ten.txt"), 200, ""),
    logged("a variable in the path", get("/variable/ten.txt?name=access"), 200, "127.0.0.1 GET /variable/ten.txt 200"),
    logged(
        "no log where there is no root",
        get("/rootless/a?name=access") + get("/ten.txt"),
        (404, 200),
        "127.0.0.1 GET /ten.txt 200",
    ),
    logged("a buffer that is flushed", get("/buffered/ten.txt"), 200, "127.0.0.1 GET /buffered/ten.txt 200"),
    logged("two logs", get("/two/ten.txt"), 200, "127.0.0.1 GET /two/ten.txt 200", logs=2),
    logged("off, then another", get("/off/ten.txt") + get("/ten.txt"), (200, 200), "127.0.0.1 GET /ten.txt 200"),
    logged(
        "upstream",
        get("/upstream/"),
        200,
        "200 200 127.0.0.1:@upstream@ 2 1 127.0.0.1:@upstream@",
        upstream=answer("X-One: 1"),
    ),
    logged(
        "upstream that closes",
        get("/upstream/"),
        502,
        "502 502 127.0.0.1:@upstream@ 0 - 127.0.0.1:@upstream@",
        upstream=Reply(CLOSE),
    ),
    logged("upstream that refuses", get("/refused/a"), 502, "127.0.0.1 GET /refused/a 502"),
    logged(
        "the client leaves",
        [get("/upstream/"), UPSTREAM_ASKED, LEAVE],
        (),
        "499 - 127.0.0.1:@upstream@ 0 - 127.0.0.1:@upstream@",
        upstream=Reply(HANG),
    ),
    logged("nothing is sent: no line", [get("/ten.txt")], 200, "127.0.0.1 GET /ten.txt 200"),
    logged("bad request line", b"nonsense\r\n\r\n", 400, "[nonsense] - - - - http site site", at="bad"),
    logged(
        "bad request line with control bytes",
        b"\x16\x03\x01\x02\r\n\r\n",
        400,
        "[\\\\x16\\\\x03\\\\x01\\\\x02] - - - - http site site",
        at="bad",
    ),
    logged(
        "bad field",
        get("/a", "X Y: z"),
        400,
        "[GET /a HTTP/1.1] /a /a - HTTP/1.1 http localhost site",
        at="bad",
        deviates=Deviation(
            400,
            "no field of a head that was refused is used, not even for the log",
            contains="log: [GET /a HTTP/1.1] /a /a - HTTP/1.1 http site site\n",
        ),
    ),
    logged("no Host", get("/a", host=None), 400, "[GET /a HTTP/1.1] /a /a - HTTP/1.1 http site site", at="bad"),
    logged("bad version", b"GET /a HTTP/3.0\r\n\r\n", 505, "[GET /a HTTP/3.0] - - -  http site site", at="bad"),
    logged(
        "a request that is cut", [b"GET /a HTTP/1.1\r\nHost: a\r\nX", LEAVE], (), "127.0.0.1 GET /a 400", at="badstatus"
    ),
    logged(
        "a body that is cut",
        [request("POST", "/upstream/", "Content-Length: 9", body=b"body"), LEAVE],
        (),
        "400 - - - - 127.0.0.1:@upstream@",
    ),
    logged("a long head", get("/a", "X: " + "x" * 9000), 400, "127.0.0.1 GET /a 400", at="badstatus"),
    logged("a long request line", get("/" + "a" * 9000), 414, "127.0.0.1 - - 414", at="badstatus"),
]


@pytest.mark.parametrize("exchange", EXCHANGES, ids=str)
def test_log_format(pair: Pair, exchange: Exchange) -> None:
    pair.compare(exchange)
