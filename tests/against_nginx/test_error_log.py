"""Error-log lines: their levels and the phrases that administrators' tools look for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from .exchange import HALF_CLOSE, LEAVE, UPSTREAM_ASKED, Deviation, Exchange, Step, chunked, get, post, request
from .pair import Pair
from .upstream import CLOSE, HANG, RESET, Pause, Reply, answer

CONFIG = """
    client_max_body_size 20;
    client_body_timeout 200ms;
    server {
        listen 127.0.0.1:@main@;
        server_name site;
        root @root@;
        access_log off;
        location /folder/ { index none.html; }
        location /alias/ { alias @root@/nowhere/; }
        location /quiet/ { log_not_found off; }
        location /cycle { error_page 404 /cycle; return 404; }
        location /named { error_page 404 @none; return 404; }
        location /internal { internal; }
        location /upstream/ { proxy_pass http://@upstream@; }
        location /refused/ { proxy_pass http://@refused@; }
        location /uri/ { proxy_pass http://@refused@/other/; }
        location /gone/ { proxy_pass http://unix:@folder@/none.sock:/there/; }
        location /slow/ { proxy_pass http://@upstream@; proxy_read_timeout 200ms; }
        location /small/ {
            proxy_pass http://@upstream@;
            proxy_buffer_size 1k;
            proxy_buffers 4 1k;
            proxy_busy_buffers_size 2k;
        }
        location /group/ { proxy_pass http://refusing; }
        location /next/ { proxy_pass http://two; proxy_next_upstream error http_503; }
    }
    upstream refusing {
        server @refused@;
    }
    upstream two {
        server @upstream@ max_fails=0;
        server @refused@ backup;
    }
    server {
        listen 127.0.0.1:@bad@;
        server_name site;
        access_log off;
        client_header_timeout 200ms;
        large_client_header_buffers 2 1k;
    }
"""


REFUSED = "no field of a head that was refused is used, not even for the log"
LONG = "how much of it is shown"
AT_ONCE = "bytes are never held back from the client"


def told(name: str, send: bytes | Sequence[Step], status: int | tuple[int, ...], line: str, **more: Any) -> Exchange:
    """An exchange whose error-log line is known."""
    return Exchange(name, send, status, contains=f"log: {line}", **{"errors": 1, **more})


def failing(name: str, reply: Reply, line: str, status: int | tuple[int, ...] = 502, **more: Any) -> Exchange:
    return told(name, get("/upstream/a?b"), status, f"[error] {line}", upstream=reply, **more)


def differs(line: str, why: str, status: int | tuple[int, ...] = 502) -> Deviation:
    return Deviation(status, why, contains=f"log: {line}")


def refused(name: str, send: bytes, status: int, line: str, ours: str = "") -> Exchange:
    """A head that is refused, with a Host. ``ours``: what pyproxy says instead, if it is more or less."""
    ours = f"[info] client sent {ours or line} while reading client request headers, client: 127.0.0.1, server: site, "
    line = f"[info] client sent {line} while reading client request headers, client: 127.0.0.1, server: site, "
    return told(name, send, status, line, at="bad", deviates=differs(ours, REFUSED, status))


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
FIVE_OF_NINE = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello"
HEAD = "while reading response header from upstream"
CLOSED = "upstream prematurely closed connection"
LEFT = "[info] client prematurely closed connection"
TIMED_OUT = "upstream timed out (110: Connection timed out) while reading"
PART = [request("POST", "/upstream/", "Content-Length: 9", body=b"body")]

EXCHANGES = [
    told("no such file", get("/none.txt", "Referer: http://r/"), 404, "[error] open()"),
    told("no such folder", get("/none/none.txt"), 404, "[error] open()"),
    told("a file in a file", get("/ten.txt/a"), 404, "[error] open()"),
    told("an index that is not there", get("/index/"), 404, "[error]"),
    told("a folder without an index", get("/folder/"), 403, "[error] directory index of"),
    told("an alias that leads nowhere", get("/alias/"), 404, "[error]"),
    told("not found, but quiet", get("/quiet/none") + get("/none"), (404, 404), "[error] open()"),
    told("no such named location", get("/named"), 500, "[error] could not find named location"),
    told("refused", get("/refused/x?y=z"), 502, "[error] connect() failed (111: Connection refused)"),
    told("refused, with another URI", get("/uri/x?y=z"), 502, "[error] connect() failed"),
    told("refused, a group", get("/group/x"), 502, "[error] connect() failed"),
    told("no such socket", get("/gone/x"), 502, "[crit] connect() to unix:"),
    told("another server is asked", get("/next/"), 502, "[error]", upstream=answer(status="503 No"), errors=2),
    failing(
        "a bad chunk of an answer",
        Reply(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n", Pause(), b"x\r\n\r\n"),
        "upstream sent invalid chunked response while reading upstream",
        200,
    ),
    failing(
        "redirected out of the root",
        answer("X-Accel-Redirect: /../x", body=b""),
        'unsafe URI "/../x" was detected while reading response header from upstream',
        404,
    ),
    failing("closed", Reply(CLOSE), CLOSED),
    failing("reset", Reply(RESET), "recv() failed (104: Connection reset by peer)"),
    failing("closed in the head", Reply(b"HTTP/1.1 200 OK\r\nContent-L", CLOSE), CLOSED),
    failing("closed in the body", Reply(FIVE_OF_NINE, CLOSE), CLOSED, 200),
    failing("closed in a chunk", Reply(CHUNKED + b"5\r\nhel", CLOSE), CLOSED, 200),
    failing(
        "an invalid field",
        Reply(b"HTTP/1.1 200 OK\r\nA B: c\r\n\r\n"),
        f'upstream sent invalid header: "A\\\\x20..." {HEAD}',
        deviates=differs(f'[error] upstream sent invalid header line: "A B: c" {HEAD}', "the whole line is shown"),
    ),
    failing(
        "two lengths",
        Reply(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"),
        'upstream sent duplicate header line: "Content-Length: 2", previous value: "Content-Length: 1"',
        deviates=differs(f'[error] upstream sent duplicate header line: "Content-Length" {HEAD}', "its name is enough"),
    ),
    failing(
        "a bad length",
        Reply(b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"),
        f'upstream sent invalid "Content-Length" header: "Content-Length: x" {HEAD}',
    ),
    told(
        "more than announced",
        get("/upstream/"),
        200,
        '[warn] upstream sent more data than specified in "Content-Length" header while reading upstream',
        upstream=Reply(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab"),
    ),
    told(
        "too big a head",
        get("/small/"),
        502,
        "[error] upstream sent too big header",
        upstream=answer("X: " + "x" * 2000),
    ),
    told("too slow", get("/slow/"), 504, f"[error] {TIMED_OUT} response header", upstream=Reply(HANG)),
    told("too slow in the head", get("/slow/"), 504, f"[error] {TIMED_OUT}", upstream=Reply(b"HTTP/1.1 2", HANG)),
    told(
        "too slow in the body",
        get("/slow/"),
        200,
        f"[error] {TIMED_OUT} upstream",
        upstream=Reply(FIVE_OF_NINE, HANG),
        deviates=differs(f"[error] {TIMED_OUT} upstream", AT_ONCE, 200),
    ),
    told(
        "the client leaves",
        [get("/upstream/"), UPSTREAM_ASKED, LEAVE],
        (),
        "[info] epoll_wait() reported that client prematurely closed connection, so upstream connection is closed too",
        upstream=Reply(HANG),
        deviates=differs(LEFT, "that the upstream connection is closed too goes without saying", ()),
    ),
    told("the client leaves in its body", [*PART, LEAVE], (), LEFT),
    told("too large a body", post("/upstream/", b"x" * 21), 413, "[error] client intended to send too large body"),
    told(
        "too large a chunked body",
        chunked("/upstream/", b"15\r\n" + b"x" * 21 + b"\r\n0\r\n\r\n"),
        413,
        "[error] client intended to send too large chunked body: 0+21 bytes",
    ),
    told("a bad chunk", chunked("/upstream/", b"x\r\n"), 400, "[error] client sent invalid chunked body"),
    told("no request line", b"nonsense\r\n\r\n", 400, "[info] client sent invalid method", at="bad"),
    told("a bad method", b"get / HTTP/1.1\r\n\r\n", 400, "[info] client sent invalid method", at="bad"),
    told("a bad URI", get("/%zz"), 400, "[info] client sent invalid request while", at="bad"),
    told("out of the root", get("/../x"), 400, "[info] client sent invalid request while", at="bad"),
    told("a bad version", b"GET / HTTP/3.0\r\n\r\n", 505, "[info] client sent invalid version", at="bad"),
    refused(
        "a bad field", get("/", "A B: c"), 400, 'invalid header line: "A\\\\x20..."', 'invalid header line: "A B: c"'
    ),
    told("no host", get("/", host=None), 400, '[info] client sent HTTP/1.1 request without "Host" header', at="bad"),
    refused("a bad host", get("/", host="a b"), 400, "invalid host header"),
    refused(
        "two hosts",
        get("/", "Host: b"),
        400,
        'duplicate host header: "Host: b", previous value: "Host: localhost"',
        'duplicate header line: "Host"',
    ),
    refused("a bad length", get("/", "Content-Length: x"), 400, 'invalid "Content-Length" header'),
    refused("another coding", get("/", "Transfer-Encoding: gzip"), 501, 'unknown "Transfer-Encoding": "gzip"'),
    refused(
        "a coding and a length",
        get("/", "Transfer-Encoding: chunked", "Content-Length: 1") + b"0\r\n\r\n",
        400,
        '"Content-Length" and "Transfer-Encoding" headers at the same time',
    ),
    told(
        "too long a URI",
        get("/" + "a" * 1100),
        414,
        "[info] client sent too long URI while reading client request line",
        at="bad",
        deviates=differs("[info] client sent too long URI while reading client request line", LONG, 414),
    ),
    told(
        "too long a field",
        get("/", "X: " + "x" * 1100),
        400,
        '[info] client sent too long header line: "X: xxx',
        at="bad",
        deviates=differs('[info] client sent too long header line: "X: xxx', LONG, 400),
    ),
    told(
        "too large a head",
        get("/", *[f"X{n}: " + "x" * 900 for n in range(4)]),
        400,
        '[info] client sent too long header line: "X3: xxx',
        at="bad",
        deviates=differs("[info] client sent too large request", "no single field is to blame", 400),
    ),
    told("the client leaves in its head", [b"GET / HTTP/1.1\r\nHo", LEAVE], (), LEFT, at="bad"),
    told("the client ends in its head", [b"GET / HTTP/1.1\r\nHo", HALF_CLOSE], (), LEFT, at="bad"),
    told(
        "the client leaves in its request line",
        [b"GET /", LEAVE],
        (),
        f"{LEFT} while reading client request line",
        at="bad",
    ),
    told("the client is slow in its head", [b"GET / HTTP/1.1\r\nHo"], (), "[info] client timed out (110:", at="bad"),
    told("the client is slow in its request line", [b"GET /"], (), "[info] client timed out (110:", at="bad"),
]


@pytest.mark.parametrize("exchange", EXCHANGES, ids=str)
def test_error_log(pair: Pair, exchange: Exchange) -> None:
    pair.compare(exchange)
