"""Upgraded connections."""

from __future__ import annotations

import pytest

from .exchange import ANSWER, HALF_CLOSE, PAUSE, Deviation, Exchange, Until, get, post, request
from .pair import Pair
from .upstream import CLOSE, HANG, RESET, Pause, Read, Reply, answer

CONFIG = """
    upstream group {
        server @upstream@;
    }
    server {
        listen 127.0.0.1:@main@;
        location / {
            proxy_pass http://group;
        }
        location /set/ {
            proxy_pass http://@upstream@;
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection upgrade;
        }
        location /fields/ {
            proxy_pass http://@upstream@;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection upgrade;
            proxy_hide_header X-Hidden;
            add_header X-Added yes always;
        }
        location /idle/ {
            proxy_pass http://@upstream@;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection upgrade;
            proxy_read_timeout 150ms;
        }
        location /unix/ {
            proxy_pass http://@unix@;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection upgrade;
        }
    }
"""

UPGRADE = (
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
)
ACCEPT = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)
OURS = get("/set/", *UPGRADE)
TALK = [b"ping", Until(b"pong")]
TALKING = Reply(ACCEPT, Read(b"ping"), b"pong", CLOSE)
BY_ITSELF = "a WebSocket passes without configuration"


def upgraded(name: str, upstream: Reply, *steps: object, send: bytes = OURS, contains: str = "") -> Exchange:
    return Exchange(name, [send, *steps], 101, upstream=upstream, contains=contains)  # type: ignore[list-item]


EXCHANGES = [
    upgraded("both talk", TALKING, ANSWER, *TALK, contains="Connection: upgrade"),
    upgraded("over a unix socket", TALKING, ANSWER, *TALK, send=get("/unix/", *UPGRADE)),
    upgraded("the client talks at once", TALKING, *TALK, send=OURS),
    upgraded("the client talks in the same packet", TALKING, Until(b"pong"), send=OURS + b"ping"),
    upgraded(
        "the upstream talks first", Reply(ACCEPT, b"hello", Read(b"ping"), b"pong", CLOSE), Until(b"hello"), *TALK
    ),
    upgraded(
        "the upstream talks in the same packet",
        Reply(ACCEPT + b"hello", Read(b"ping"), b"pong", CLOSE),
        Until(b"hello"),
        *TALK,
    ),
    upgraded(
        "bytes of every value",
        Reply(ACCEPT, Read(b"\xff" * 3), bytes(range(256)), CLOSE),
        b"\x00\r\n\r\n\xff\xff\xff",
        Until(b"\xff"),
    ),
    upgraded(
        "much in both directions",
        Reply(ACCEPT, Read(b"end"), b"x" * 300_000 + b"END", CLOSE),
        b"y" * 300_000 + b"end",
        Until(b"END"),
    ),
    upgraded("the upstream closes at once", Reply(ACCEPT, CLOSE)),
    upgraded("the upstream says one thing and closes", Reply(ACCEPT, b"bye", CLOSE), contains="bye"),
    upgraded("the upstream resets", Reply(ACCEPT, b"bye", Pause(0.1), RESET)),
    upgraded("the client half closes", Reply(ACCEPT, HANG), ANSWER, b"bye", HALF_CLOSE, contains="closed by the proxy"),
    upgraded("nobody talks", Reply(ACCEPT, HANG), send=get("/idle/", *UPGRADE), contains="closed by the proxy"),
    upgraded(
        "something that looks like a request is not one",
        Reply(ACCEPT, Read(b"\r\n\r\n"), b"pong", CLOSE),
        get("/next"),
        Until(b"pong"),
        contains="GET /next",
    ),
    upgraded(
        "fields of the answer",
        Reply(ACCEPT.replace(b"\r\n\r\n", b"\r\nX-Hidden: 1\r\nX-One: 1\r\nServer: a\r\n\r\n"), b"hi", CLOSE),
        Until(b"hi"),
        send=get("/fields/", *UPGRADE),
        contains="X-Added",
    ),
    upgraded(
        "another protocol",
        Reply(ACCEPT.replace(b"websocket", b"chat"), b"hi", CLOSE),
        Until(b"hi"),
        send=get("/set/", "Connection: upgrade", "Upgrade: chat"),
    ),
    upgraded(
        "the name in capitals",
        Reply(ACCEPT, b"hi", CLOSE),
        Until(b"hi"),
        send=get("/set/", "Connection: upgrade", "Upgrade: WebSocket"),
    ),
    Exchange("refused", OURS, 403, upstream=answer(status="403 Forbidden")),
    Exchange(
        "refused, then the next request",
        [OURS, PAUSE, get("/next")],
        (403, 403),
        upstream=answer(status="403 Forbidden"),
    ),
    Exchange("ignored", OURS, 200),
    Exchange(
        "refused with 426", OURS, 426, upstream=answer("Sec-WebSocket-Version: 13", status="426 Upgrade Required")
    ),
    Exchange("the upstream closes instead", OURS, 502, upstream=Reply(CLOSE)),
    Exchange("not an upgrade although set", get("/set/"), 200, contains="Connection: upgrade"),
    Exchange("post with an upgrade", post("/set/", b"body", *UPGRADE), 200),
    Exchange("HTTP/1.0 with an upgrade", get("/set/", *UPGRADE, version="1.0"), 200),
    Exchange("Upgrade without Connection", get("/", "Upgrade: websocket"), 200, lacks="Upgrade: websocket"),
    Exchange(
        "another protocol does not pass by itself",
        get("/", "Connection: upgrade", "Upgrade: chat"),
        200,
        lacks="Upgrade",
    ),
    Exchange(
        "by itself",
        [get("/", *UPGRADE), b"ping"],
        101,
        upstream=Reply(ACCEPT, Pause(0.05), CLOSE),
        deviates=Deviation(101, BY_ITSELF, contains="  Upgrade: websocket\n"),
    ),
    Exchange(
        "by itself, refused",
        get("/", *UPGRADE),
        403,
        upstream=answer(status="403 Forbidden"),
        lacks="Upgrade",
        deviates=Deviation(403, BY_ITSELF, contains="  Upgrade: websocket\n"),
    ),
    Exchange("by itself, HTTP/1.0", request("GET", "/", *UPGRADE, version="1.0"), 200, lacks="Upgrade"),
]


@pytest.mark.parametrize("exchange", EXCHANGES, ids=str)
def test_websocket(pair: Pair, exchange: Exchange) -> None:
    pair.compare(exchange)
