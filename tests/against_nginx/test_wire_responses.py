"""Answers of upstreams that are malformed, ambiguous or unusual.

What reaches the client must be unambiguous, whatever came.
"""

from __future__ import annotations

import pytest

from .exchange import Deviation, Exchange, get, head, raw
from .pair import Pair
from .upstream import CLOSE, Pause, Reply

CONFIG = """
    upstream group {
        server @upstream@;
    }
    server {
        listen 127.0.0.1:@main@;
        location / {
            proxy_pass http://@upstream@;
        }
        location /kept/ {
            proxy_pass http://group;
        }
    }
"""

ANEW = Deviation(200, "a status line is written anew, with a reason", contains="HTTP/1.1 200 OK\n")
GARBAGE = Deviation(502, "an answer begins with a status line, what does not is not passed on (RFC 9112, 4)")
SKIPPED = Deviation(200, "1xx answers are skipped, the final one is passed on (RFC 9110, 15.2)", lacks="HTTP/1.1 10")
UNFINISHED = Deviation(502, "a 1xx answer is not the final one (RFC 9110, 15.2)")
UNASKED = Deviation(502, "101 is passed on only when the client asked for the upgrade (RFC 9110, 15.2.2)")
BARE_CR = Deviation(502, "a bare CR is refused (RFC 9112, 2.2)")
NAMES = Deviation(502, "a field line is a token, a colon and a value, others are refused (RFC 9110, 5.1)")
VALUES = Deviation(502, "control bytes in values are refused (RFC 9110, 5.5)")


def reply(
    name: str,
    text: str,
    status: int | tuple[int, ...] = 502,
    deviates: Deviation | None = None,
    contains: str = "",
    lacks: str = "",
) -> Exchange:
    """The upstream sends this and closes. So does the client: what nginx takes for HTTP/0.9 has no other end."""
    return Exchange(
        name,
        get("/", "Connection: close"),
        status,
        upstream=Reply(raw(text), CLOSE),
        deviates=deviates,
        contains=contains,
        lacks=lacks,
    )


def lines(name: str, answer: bytes, contains: str = "", deviates: Deviation | None = None) -> Exchange:
    """An answer with its line ends as written, whole and followed by the end of the connection."""
    return Exchange(name, get("/"), 200, upstream=Reply(answer, CLOSE), contains=contains, deviates=deviates)


def field(
    name: str, line: str, status: int = 200, deviates: Deviation | None = None, contains: str = "", lacks: str = ""
) -> Exchange:
    text = f"HTTP/1.1 200 OK\nContent-Length: 2\n{line}\nX-Fine: 1\n\nok"
    return reply(name, text, status, deviates, contains, lacks)


def chunks(
    name: str, body: bytes, deviates: Deviation | None = None, status: int = 200, contains: str = ""
) -> Exchange:
    start = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n"
    return Exchange(
        name, get("/"), status, upstream=Reply(start, Pause(0.05), body, CLOSE), deviates=deviates, contains=contains
    )


SECOND = "upstream connection 2 >"


def kept(
    name: str,
    text: str,
    status: int = 200,
    contains: str = "",
    lacks: str = "",
    method: str = "GET",
    deviates: Deviation | None = None,
) -> Exchange:
    """The upstream keeps its connection open; the next request must not get what was left on it."""
    first = get("/kept/first") if method == "GET" else head("/kept/first")
    second = Reply(raw("HTTP/1.1 200 OK\nContent-Length: 6\n\nsecond"))
    return Exchange(
        name,
        first + get("/kept/second"),
        (status, 200),
        upstream=(Reply(raw(text)), second),
        contains=contains or "b'second'",
        lacks=lacks,
        methods=(method, "GET"),
        deviates=deviates,
    )


STATUS_LINES = [
    reply("no reason", "HTTP/1.1 200\nContent-Length: 2\n\nok", 200, ANEW),
    reply("empty reason", "HTTP/1.1 200 \nContent-Length: 2\n\nok", 200, ANEW),
    reply("reason beyond ASCII", "HTTP/1.1 200 \xe4\nContent-Length: 2\n\nok", 200),
    reply("two digits", "HTTP/1.1 20 OK\nContent-Length: 2\n\nok", (20, 9), GARBAGE),
    reply("four digits", "HTTP/1.1 2000 OK\nContent-Length: 2\n\nok", 2000, GARBAGE),
    reply("letters", "HTTP/1.1 abc OK\nContent-Length: 2\n\nok", (9, 9), GARBAGE),
    reply("status below 100", "HTTP/1.1 099 OK\nContent-Length: 2\n\nok", (99, 9), GARBAGE),
    reply("two spaces", "HTTP/1.1  200 OK\nContent-Length: 2\n\nok", 200, GARBAGE),
    reply("no space", "HTTP/1.1200 OK\nContent-Length: 2\n\nok", (9, 9), GARBAGE),
    reply("HTTP/1.2", "HTTP/1.2 200 OK\nContent-Length: 2\n\nok", 200),
    reply("HTTP/2.0", "HTTP/2.0 200 OK\nContent-Length: 2\n\nok", 200),
    reply("HTTP/0.9", "hello\n", 9, GARBAGE),
    reply("http in small letters", "http/1.1 200 OK\nContent-Length: 2\n\nok", 9, GARBAGE),
    reply("another protocol", "SSH-2.0-OpenSSH_9.2\n", 9, GARBAGE),
    reply("nonsense", "\x00\x01\x02\x03\n\n", 9, GARBAGE),
    reply("an empty line before", "\nHTTP/1.1 200 OK\nContent-Length: 2\n\nok", 9, GARBAGE),
    reply("a control byte in the reason", "HTTP/1.1 200 O\x01K\nContent-Length: 2\n\nok", 200, GARBAGE),
]

FIELDS = [
    field("space before the colon", "X-Name : a", 502),
    field("space in a name", "X Name: a", 502),
    field("empty name", ": a", 502),
    field("no colon", "X-Name", 200, NAMES),
    field("NUL in a value", "X-Name: a\0b", 502),
    field("control byte in a value", "X-Name: a\x01b", 200, VALUES),
    field("bytes beyond ASCII in a value", "X-Name: gr\xfc\xdf", 200),
    field("tab in a value", "X-Name: a\tb", 200),
    field("byte beyond ASCII in a name", "X-N\xe4me: a", 200, NAMES),
    field("brackets in a name", "X(Name): a", 200, NAMES),
    field("dot in a name", "X.Name: a", 200),
    field("folded line", "X-Name: a\n b", 502),
    lines("bare LF ends the status line", b"HTTP/1.1 200 OK\nX: a\r\nContent-Length: 2\r\n\r\nok"),
    lines("bare LF ends a field", b"HTTP/1.1 200 OK\r\nX: a\nContent-Length: 2\r\n\r\nok"),
    lines("bare LF ends the last field", b"HTTP/1.1 200 OK\r\nContent-Length: 2\n\r\nok"),
    lines("bare LF ends the head", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\nok"),
    lines("bare LF everywhere", b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok"),
    lines("bare LF in a 1xx answer", b"HTTP/1.1 103 Early Hints\nX: a\n\nHTTP/1.1 200 OK\nContent-Length: 2\n\nok"),
    lines("an empty line of LFs, then more fields", b"HTTP/1.1 200 OK\r\nX: a\n\nY: b\r\n\r\n", contains="Y: b"),
    lines("two CR end a field", b"HTTP/1.1 200 OK\r\nX: a\r\r\nContent-Length: 2\r\n\r\nok", deviates=BARE_CR),
    Exchange(
        "bare CR in a value",
        get("/"),
        502,
        upstream=Reply(b"HTTP/1.1 200 OK\r\nX: a\rb\r\nContent-Length: 2\r\n\r\nok", CLOSE),
    ),
]

LENGTHS = [
    reply("length and chunked", "HTTP/1.1 200 OK\nContent-Length: 5\nTransfer-Encoding: chunked\n\n5\nhello\n0\n\n"),
    reply("chunked and length", "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\nContent-Length: 5\n\n5\nhello\n0\n\n"),
    reply("two lengths", "HTTP/1.1 200 OK\nContent-Length: 5\nContent-Length: 6\n\nhello"),
    reply("the same length twice", "HTTP/1.1 200 OK\nContent-Length: 5\nContent-Length: 5\n\nhello"),
    reply("signed length", "HTTP/1.1 200 OK\nContent-Length: +5\n\nhello"),
    reply("negative length", "HTTP/1.1 200 OK\nContent-Length: -5\n\nhello"),
    reply("list of lengths", "HTTP/1.1 200 OK\nContent-Length: 5, 5\n\nhello"),
    reply("empty length", "HTTP/1.1 200 OK\nContent-Length:\n\nhello"),
    reply("hexadecimal length", "HTTP/1.1 200 OK\nContent-Length: 0x5\n\nhello"),
    reply("length too big", "HTTP/1.1 200 OK\nContent-Length: 99999999999999999999\n\nhello"),
    reply("unknown coding", "HTTP/1.1 200 OK\nTransfer-Encoding: gzip\n\nhello"),
    reply("unknown coding, then chunked", "HTTP/1.1 200 OK\nTransfer-Encoding: gzip, chunked\n\n5\nhello\n0\n\n"),
    reply("chunked twice", "HTTP/1.1 200 OK\nTransfer-Encoding: chunked, chunked\n\n5\nhello\n0\n\n"),
    reply(
        "chunked in two fields",
        "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\nTransfer-Encoding: chunked\n\n5\nhello\n0\n\n",
    ),
    reply("identity", "HTTP/1.1 200 OK\nTransfer-Encoding: identity\n\nhello"),
    reply(
        "chunked in HTTP/1.0",
        "HTTP/1.0 200 OK\nTransfer-Encoding: chunked\n\n5\nhello\n0\n\n",
        200,
        Deviation(502, "HTTP/1.0 has no Transfer-Encoding (RFC 9112, 6.1)"),
    ),
    reply(
        "204 with a body",
        "HTTP/1.1 204 No Content\nContent-Length: 5\n\nhello",
        204,
        Deviation(204, "a 204 has no Content-Length (RFC 9110, 8.6)", lacks="Content-Length"),
        lacks="hello",
    ),
    reply("204, chunked", "HTTP/1.1 204 No Content\nTransfer-Encoding: chunked\n\n5\nhello\n0\n\n", 204, lacks="hello"),
    reply("304 with a body", "HTTP/1.1 304 Not Modified\nContent-Length: 5\n\nhello", 304, lacks="hello"),
    Exchange(
        "HEAD with a body",
        head("/"),
        upstream=Reply(raw("HTTP/1.1 200 OK\nContent-Length: 5\n\nhello"), CLOSE),
        lacks="hello",
    ),
]

CHUNKS = [
    chunks("size without digits", b"\r\nhello\r\n0\r\n\r\n", contains="(incomplete)"),
    chunks("size with a sign", b"+5\r\nhello\r\n0\r\n\r\n", contains="(incomplete)"),
    chunks("size too big", b"fffffffffffffffff\r\nhello\r\n0\r\n\r\n", contains="(incomplete)"),
    chunks("a bad size after a good chunk", b"5\r\nhello\r\nxyz\r\n", contains="(incomplete)"),
    chunks("data longer than the size", b"5\r\nhello!\r\n0\r\n\r\n", contains="(incomplete)"),
    chunks("extensions", b"5;a=b\r\nhello\r\n0\r\n\r\n", contains="(chunked) b'firsthello'"),
    chunks("trailers", b"5\r\nhello\r\n0\r\nX-End: a\r\n\r\n", contains="(chunked) b'firsthello'"),
    chunks("bytes after the last chunk", b"5\r\nhello\r\n0\r\n\r\nmore", contains="(chunked) b'firsthello'"),
]

INTERIM = [
    reply(
        "100 before the answer",
        "HTTP/1.1 100 Continue\n\nHTTP/1.1 200 OK\nContent-Length: 2\n\nok",
        deviates=SKIPPED,
        status=200,
    ),
    reply(
        "102 before the answer",
        "HTTP/1.1 102 Processing\n\nHTTP/1.1 200 OK\nContent-Length: 2\n\nok",
        deviates=SKIPPED,
        status=200,
    ),
    reply(
        "103 before the answer",
        "HTTP/1.1 103 Early Hints\nLink: a\n\nHTTP/1.1 200 OK\nContent-Length: 2\n\nok",
        200,
        lacks="103",
    ),
    reply(
        "103 twice before the answer",
        "HTTP/1.1 103 Early Hints\n\nHTTP/1.1 103 Early Hints\n\nHTTP/1.1 200 OK\nContent-Length: 2\n\nok",
        200,
    ),
    reply(
        "100 with a length",
        "HTTP/1.1 100 Continue\nContent-Length: 5\n\nHTTP/1.1 200 OK\nContent-Length: 2\n\nok",
        9,
        SKIPPED,
    ),
    reply("100 and no answer", "HTTP/1.1 100 Continue\n\n", (), UNFINISHED),
    reply("103 and no answer", "HTTP/1.1 103 Early Hints\n\n"),
    reply(
        "101 that nobody asked for",
        "HTTP/1.1 101 Switching Protocols\nUpgrade: websocket\nConnection: Upgrade\n\nhello",
        101,
        UNASKED,
    ),
]

LEFTOVERS = [
    kept(
        "bytes after a length",
        "HTTP/1.1 200 OK\nContent-Length: 2\n\nokHTTP/1.1 200 OK\nContent-Length: 4\n\nevil",
        lacks="evil",
    ),
    kept(
        "bytes after the last chunk",
        "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n2\nok\n0\n\nHTTP/1.1 200 OK\nContent-Length: 4\n\nevil",
        lacks="evil",
    ),
    kept(
        "a body after 204", "HTTP/1.1 204 No Content\n\nHTTP/1.1 200 OK\nContent-Length: 4\n\nevil", 204, lacks="evil"
    ),
    kept("a body after 304", "HTTP/1.1 304 Not Modified\nContent-Length: 4\n\nevil", 304, lacks="evil"),
    kept(
        "a body after HEAD",
        "HTTP/1.1 200 OK\nContent-Length: 4\n\nevil",
        lacks="evil",
        method="HEAD",
        deviates=Deviation((200, 200), "bytes after an answer end its connection", contains=SECOND, lacks="evil"),
    ),
    kept("an answer in HTTP/1.0", "HTTP/1.0 200 OK\nContent-Length: 2\n\nok", contains=SECOND),
    kept(
        "an answer that closes",
        "HTTP/1.1 200 OK\nConnection: close\nContent-Length: 2\n\nok",
        contains=SECOND,
    ),
    kept("an answer that is kept", "HTTP/1.1 200 OK\nContent-Length: 2\n\nok", lacks=SECOND),
    kept("a length of zero", "HTTP/1.1 200 OK\nContent-Length: 0\n\n", lacks=SECOND),
    kept("204 is kept", "HTTP/1.1 204 No Content\n\n", 204, lacks=SECOND),
    kept(
        "a chunked answer is kept",
        "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n2\nok\n0\n\n",
        lacks=SECOND,
    ),
    kept("HEAD is kept", "HTTP/1.1 200 OK\nContent-Length: 4\n\n", lacks=SECOND, method="HEAD"),
]

EXCHANGES = STATUS_LINES + FIELDS + LENGTHS + CHUNKS + INTERIM + LEFTOVERS


@pytest.mark.parametrize("exchange", EXCHANGES, ids=str)
def test_wire_responses(pair: Pair, exchange: Exchange) -> None:
    pair.compare(exchange)
