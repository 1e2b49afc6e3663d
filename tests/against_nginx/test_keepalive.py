"""Connections that serve several requests: pipelining, keep-alive to clients and to upstreams."""

from __future__ import annotations

import pytest

from .exchange import ANSWER, HALF_CLOSE, PAUSE, Deviation, Exchange, Step, chunked, get, head, post, request
from .pair import Pair
from .upstream import CLOSE, OK, Pause, Reply, answer

CONFIG = """
    upstream kept {
        server @upstream@;
        keepalive 4;
    }
    upstream unix {
        server @unix@;
        keepalive 4;
    }
    upstream unkept {
        server @upstream@;
        keepalive 0;
    }
    upstream twice {
        server @upstream@;
        keepalive 4;
        keepalive_requests 2;
    }
    server {
        listen 127.0.0.1:@main@;
        root @root@;
        location /kept/ { proxy_pass http://kept; }
        location /unix/ { proxy_pass http://unix; }
        location /unkept/ { proxy_pass http://unkept; }
        location /direct/ { proxy_pass http://@upstream@; }
        location /twice/ { proxy_pass http://twice; }
        location /http10/ { proxy_pass http://kept; proxy_http_version 1.0; }
        location /http10kept/ {
            proxy_pass http://kept;
            proxy_http_version 1.0;
            proxy_set_header Connection keep-alive;
        }
        location /closed/ { proxy_pass http://kept; proxy_set_header Connection close; }
        location /text { return 200 "text"; }
        location /nobody { return 204; }
    }
    server {
        listen 127.0.0.1:@off@;
        root @root@;
        keepalive_timeout 0;
    }
    server {
        listen 127.0.0.1:@header@;
        root @root@;
        keepalive_timeout 75s 60s;
    }
    server {
        listen 127.0.0.1:@three@;
        root @root@;
        keepalive_requests 3;
    }
    server {
        listen 127.0.0.1:@short@;
        root @root@;
        keepalive_timeout 100ms;
    }
"""

TEN = get("/ten.txt")


def twice(
    name: str, path: str, *, upstream: Reply | tuple[Reply, ...] = OK, contains: str = "", lacks: str = ""
) -> Exchange:
    """Two requests, the second after the answer to the first."""
    send: list[Step] = [get(f"{path}first"), ANSWER, get(f"{path}second")]
    return Exchange(name, send, (200, 200), upstream=upstream, contains=contains, lacks=lacks)


SECOND = "upstream connection 2 >"

EXCHANGES = [
    Exchange("one after the other", [TEN, ANSWER, TEN, ANSWER, TEN], (200, 200, 200)),
    Exchange("pipelined", TEN * 5, (200,) * 5),
    Exchange(
        "pipelined, different answers",
        TEN + get("/none") + get("/text") + get("/nobody") + TEN,
        (200, 404, 200, 204, 200),
    ),
    Exchange("pipelined, in odd pieces", [TEN + TEN[:7], PAUSE, TEN[7:] + TEN[:30], PAUSE, TEN[30:]], (200, 200, 200)),
    Exchange("pipelined with HEAD", head("/ten.txt") + TEN, (200, 200), methods=("HEAD", "GET")),
    Exchange("pipelined to the upstream", get("/kept/a") + get("/kept/b") + get("/kept/c"), (200, 200, 200)),
    Exchange("pipelined, file and upstream", get("/kept/a") + TEN + get("/kept/b"), (200, 200, 200)),
    Exchange("pipelined, a slow answer first", get("/kept/a") + TEN, (200, 200), upstream=Reply(Pause(0.1), *OK.steps)),
    Exchange(
        "pipelined bodies",
        post("/kept/a", b"one") + chunked("/kept/b", b"3\r\ntwo\r\n0\r\n\r\n") + get("/kept/c"),
        (200, 200, 200),
    ),
    Exchange("pipelined, many", get("/text") * 50, (200,) * 50),
    Exchange("pipelined, big answers", get("/big.bin") * 3, (200,) * 3),
    Exchange(
        "pipelined, the second closes",
        TEN + get("/ten.txt", "Connection: close") + TEN,
        (200, 200),
        contains="connection: closed",
    ),
    Exchange("pipelined, then half closed", [TEN + TEN, HALF_CLOSE], (200, 200)),
    Exchange("a body nobody reads", post("/text", b"unread") + TEN, (200, 200)),
    Exchange("a chunked body nobody reads", chunked("/text", b"6\r\nunread\r\n0\r\n\r\n") + TEN, (200, 200)),
    Exchange("a big body nobody reads", post("/text", b"u" * 300_000) + TEN, (200, 200)),
    Exchange(
        "a body nobody reads, later",
        [request("POST", "/text", "Content-Length: 6"), ANSWER, b"unread", TEN],
        (200, 200),
    ),
    Exchange("Connection: close", get("/ten.txt", "Connection: close"), contains="connection: closed"),
    Exchange("Connection: Close", get("/ten.txt", "Connection: Close"), contains="connection: closed"),
    Exchange("Connection: close in a list", get("/ten.txt", "Connection: foo, close"), contains="connection: closed"),
    Exchange("Connection: something", get("/ten.txt", "Connection: foo"), contains="connection: kept open"),
    Exchange("Connection: close and keep-alive", get("/ten.txt", "Connection: close, keep-alive")),
    Exchange("Connection twice", get("/ten.txt", "Connection: keep-alive", "Connection: close")),
    Exchange("HTTP/1.0", get("/ten.txt", version="1.0"), contains="connection: closed"),
    Exchange(
        "HTTP/1.0 keep-alive",
        get("/ten.txt", "Connection: keep-alive", version="1.0"),
        contains="connection: kept open",
    ),
    Exchange("HTTP/1.0 Keep-Alive in capitals", get("/ten.txt", "Connection: Keep-Alive", version="1.0")),
    Exchange("HTTP/1.0 keep-alive of an upstream's answer", get("/kept/a", "Connection: keep-alive", version="1.0")),
    Exchange("HTTP/1.0 pipelined keep-alive", get("/ten.txt", "Connection: keep-alive", version="1.0") * 2, (200, 200)),
    Exchange("keepalive_timeout 0", TEN, at="off", contains="connection: closed"),
    Exchange("keepalive_timeout with a header", TEN, at="header", contains="Keep-Alive: timeout=60"),
    Exchange("keepalive_requests", TEN * 4, (200, 200, 200), at="three", contains="connection: closed"),
    Exchange("keepalive_timeout is over", [TEN, ANSWER, *(PAUSE,) * 25], at="short", contains="connection: closed"),
    Exchange("404 is kept", get("/none"), 404, contains="connection: kept open"),
    Exchange("400 closes", get("/%00"), 400, contains="connection: closed"),
    twice("upstream kept", "/kept/", lacks=SECOND),
    twice("upstream kept, unix socket", "/unix/", lacks=SECOND),
    twice("upstream not kept", "/unkept/", contains=SECOND),
    Exchange(
        "upstream without a group is not kept",
        [get("/direct/a"), ANSWER, get("/direct/b")],
        (200, 200),
        contains=SECOND,
        deviates=Deviation((200, 200), "connections to upstreams without a group are kept as well", lacks=SECOND),
    ),
    twice("upstream that closes", "/kept/", upstream=answer("Connection: close"), contains=SECOND),
    twice("upstream that closes in fact", "/kept/", upstream=Reply(*OK.steps, CLOSE), contains=SECOND),
    twice("upstream with HTTP/1.0 that answers in HTTP/1.1", "/http10/", lacks=SECOND),
    twice("upstream with HTTP/1.0 and Connection set", "/http10kept/"),
    twice("upstream with Connection: close set", "/closed/"),
    twice(
        "upstream answers in HTTP/1.0",
        "/kept/",
        upstream=Reply(b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"),
        contains=SECOND,
    ),
    twice(
        "upstream answers in HTTP/1.0 keep-alive",
        "/kept/",
        upstream=Reply(b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nok"),
    ),
    twice(
        "upstream kept after chunks",
        "/kept/",
        lacks=SECOND,
        upstream=Reply(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"),
    ),
    Exchange(
        "keepalive_requests of the upstream",
        [get("/twice/a"), ANSWER, get("/twice/b"), ANSWER, get("/twice/c")],
        (200, 200, 200),
        contains=SECOND,
    ),
    Exchange(
        "the kept connection dies: the request is tried again",
        [get("/kept/a"), ANSWER, get("/kept/b")],
        (200, 200),
        upstream=(OK, Reply(CLOSE), OK),
        contains=SECOND,
    ),
    Exchange(
        "the kept connection dies: a POST is not tried again",
        [get("/kept/a"), ANSWER, post("/kept/b", b"body")],
        (200, 502),
        upstream=(OK, Reply(CLOSE), OK),
    ),
    Exchange(
        "an upstream answer that ends with its connection is not kept",
        [get("/kept/a"), ANSWER, get("/kept/b")],
        (200, 200),
        upstream=Reply(b"HTTP/1.1 200 OK\r\n\r\nok", CLOSE),
        contains=SECOND,
    ),
]


@pytest.mark.parametrize("exchange", EXCHANGES, ids=str)
def test_keepalive(pair: Pair, exchange: Exchange) -> None:
    pair.compare(exchange)
