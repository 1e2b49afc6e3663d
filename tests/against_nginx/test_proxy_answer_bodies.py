"""Bodies of answers on their way to the client."""

from __future__ import annotations

import pytest

from .exchange import Deviation, Exchange, get, head
from .pair import Pair
from .upstream import CLOSE, Pause, Reply, answer

CONFIG = """
    server {
        listen 127.0.0.1:@main@;
        location / {
            proxy_pass http://@upstream@;
        }
        location /unbuffered/ {
            proxy_pass http://@upstream@;
            proxy_buffering off;
        }
        location /small/ {
            proxy_pass http://@upstream@;
            proxy_buffers 2 4k;
            proxy_buffer_size 4k;
            proxy_busy_buffers_size 4k;
        }
    }
"""

BIG = bytes(range(256)) * 4000  # a megabyte, more than all buffers together
CHUNKS = b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"


def big_chunks(size: int = 70_000) -> bytes:
    pieces = [BIG[i : i + size] for i in range(0, len(BIG), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


CHUNKED_ANSWER = Reply(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKS)
UNTIL_CLOSE = Reply(b"HTTP/1.1 200 OK\r\n\r\nuntil the end", CLOSE)
HTTP10_ANSWER = Reply(b"HTTP/1.0 200 OK\r\n\r\nold answer", CLOSE)


EXCHANGES = [
    Exchange("answer with a length", get("/"), upstream=answer(body=b"hello")),
    Exchange("answer of nothing", get("/"), upstream=answer(body=b""), contains="Content-Length: 0"),
    Exchange("answer, big", get("/"), upstream=answer(body=BIG), contains="1024000 bytes"),
    Exchange("answer, big, small buffers", get("/small/"), upstream=answer(body=BIG), contains="1024000 bytes"),
    Exchange("answer, big, unbuffered", get("/unbuffered/"), upstream=answer(body=BIG), contains="1024000 bytes"),
    Exchange(
        "answer in pieces",
        get("/"),
        upstream=Reply(b"HTTP/1.1 200 OK\r\nContent-", Pause(), b"Length: 5\r\n\r", Pause(), b"\nhe", Pause(), b"llo"),
    ),
    Exchange("answer, chunked", get("/"), upstream=CHUNKED_ANSWER, contains="(chunked) b'hello world'"),
    Exchange(
        "answer, chunked, in pieces",
        get("/"),
        upstream=Reply(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r",
            Pause(),
            b"\nhel",
            Pause(),
            b"lo\r\n0\r\n\r",
            Pause(),
            b"\n",
        ),
    ),
    Exchange(
        "answer, chunked, big",
        get("/"),
        upstream=Reply(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + big_chunks()),
    ),
    Exchange(
        "answer, chunked, of nothing",
        get("/"),
        upstream=Reply(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    ),
    Exchange(
        "answer, chunked, with trailers",
        get("/"),
        upstream=Reply(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-End\r\n\r\n",
            b"5\r\nhello\r\n0\r\nX-End: yes\r\n\r\n",
        ),
        lacks="X-End: yes",
        deviates=Deviation(200, "trailers do not pass, so they are not announced either", lacks="Trailer"),
    ),
    Exchange("answer, chunked, unbuffered", get("/unbuffered/"), upstream=CHUNKED_ANSWER),
    Exchange(
        "answer, chunked, for HTTP/1.0",
        get("/", version="1.0"),
        upstream=CHUNKED_ANSWER,
        contains="(close) b'hello world'",
    ),
    Exchange(
        "answer, chunked, for HTTP/1.0 keep-alive",
        get("/", "Connection: keep-alive", version="1.0"),
        upstream=CHUNKED_ANSWER,
        contains="connection: closed",
    ),
    Exchange("answer until close", get("/"), upstream=UNTIL_CLOSE, contains="(chunked) b'until the end'"),
    Exchange("answer until close, unbuffered", get("/unbuffered/"), upstream=UNTIL_CLOSE),
    Exchange("answer until close, for HTTP/1.0", get("/", version="1.0"), upstream=UNTIL_CLOSE, contains="(close)"),
    Exchange("answer until close, of nothing", get("/"), upstream=Reply(b"HTTP/1.1 200 OK\r\n\r\n", CLOSE)),
    Exchange("answer in HTTP/1.0", get("/"), upstream=HTTP10_ANSWER, contains="HTTP/1.1 200"),
    Exchange(
        "answer in HTTP/1.0 with a length",
        get("/"),
        upstream=Reply(b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", CLOSE),
    ),
    Exchange(
        "answer to HEAD",
        head("/"),
        upstream=Reply(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"),
        contains="Content-Length: 1000",
    ),
    Exchange(
        "answer to HEAD, chunked", head("/"), upstream=Reply(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    ),
    Exchange(
        "answer to HEAD without length",
        head("/"),
        upstream=Reply(b"HTTP/1.1 200 OK\r\n\r\n"),
        contains="connection: kept open",
    ),
    Exchange("answer 204", get("/"), 204, upstream=Reply(b"HTTP/1.1 204 No Content\r\n\r\n")),
    Exchange("answer 304", get("/"), 304, upstream=Reply(b'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n\r\n')),
    Exchange(
        "answer 304 with a length",
        get("/"),
        304,
        upstream=Reply(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 1000\r\n\r\n"),
    ),
    Exchange(
        "answer 206",
        get("/", "Range: bytes=0-1"),
        206,
        upstream=answer("Content-Range: bytes 0-1/10", status="206 Partial Content"),
    ),
    Exchange(
        "range of an answer that has none", get("/", "Range: bytes=0-1"), 200, upstream=answer(body=b"0123456789")
    ),
    Exchange(
        "range of an answer that offers them",
        get("/", "Range: bytes=0-1"),
        200,
        upstream=answer("Accept-Ranges: bytes", body=b"0123456789"),
    ),
    Exchange(
        "condition on an answer with a date",
        get("/", "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT"),
        200,
        upstream=answer("Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT"),
    ),
]


@pytest.mark.parametrize("exchange", EXCHANGES, ids=str)
def test_proxy_answer_bodies(pair: Pair, exchange: Exchange) -> None:
    pair.compare(exchange)
