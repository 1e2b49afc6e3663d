"""Request bodies that are framed in a malformed or ambiguous way, each sent whole and one byte at a time.

Nothing here may let the rest of a body pass for a request.
"""

from __future__ import annotations

import pytest

from .exchange import Deviation, Exchange, chunked, get, post, raw, request
from .pair import Pair

CONFIG = """
    upstream group {
        server @upstream@;
    }
    server {
        listen 127.0.0.1:@main@;
        location / {
            proxy_pass http://group;
        }
    }
"""

HELLO = b"hello world"
CHUNKS = b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"
SMUGGLED = get("/smuggled")

CHUNK = Deviation(400, "chunk lines follow the grammar exactly (RFC 9112, 7.1)", lacks="upstream connection")


TAB = Deviation((200, 400), "a tab is white space around a value too (RFC 9110, 5.5)", contains="(length) b'GET /'")
VALUES = Deviation(400, "control bytes in values are refused (RFC 9110, 5.5)", lacks="upstream connection")


def length(name: str, *lines: str, status: int = 400, deviates: Deviation | None = None) -> Exchange:
    """A body with odd framing, which hides a request."""
    headers = "".join(f"{line}\n" for line in lines)
    return Exchange(
        name, raw(f"POST / HTTP/1.1\nHost: a\n{headers}\n") + SMUGGLED, status, deviates=deviates, lacks="/smuggled"
    )


def chunks(name: str, body: bytes, status: int = 400, deviates: Deviation | None = None) -> Exchange:
    """A chunked body with odd framing."""
    return Exchange(name, chunked("/", body), status, deviates=deviates)


LENGTHS = [
    length("length and chunked", "Content-Length: 5", "Transfer-Encoding: chunked"),
    length("chunked and length", "Transfer-Encoding: chunked", "Content-Length: 5"),
    length("two lengths", "Content-Length: 5", "Content-Length: 6"),
    length("the same length twice", "Content-Length: 5", "Content-Length: 5"),
    length("a list of lengths", "Content-Length: 5, 5"),
    length("signed length", "Content-Length: +5"),
    length("negative length", "Content-Length: -5"),
    length("hexadecimal length", "Content-Length: 0x5"),
    length("length with a space", "Content-Length: 5 5"),
    length("length with a point", "Content-Length: 5.0"),
    length("length without digits", "Content-Length: five"),
    length("empty length", "Content-Length:"),
    length("length too big", "Content-Length: 99999999999999999999"),
    length("space before the colon of the length", "Content-Length : 5"),
    length("tab before the colon of the length", "Content-Length\t: 5"),
    length("length on a folded line", "Content-Length:\n 5"),
    Exchange("length with zeros", request("POST", "/", "Content-Length: 0011", body=HELLO), 200),
    Exchange("length after spaces", request("POST", "/", "Content-Length:   11   ", body=HELLO), 200),
    length("length after a tab", "Content-Length:\t5", deviates=TAB),
    length("unknown coding", "Transfer-Encoding: gzip", status=501),
    length("unknown coding, then chunked", "Transfer-Encoding: gzip, chunked", status=501),
    length("chunked, then unknown", "Transfer-Encoding: chunked, gzip", status=501),
    length("chunked twice", "Transfer-Encoding: chunked, chunked", status=501),
    length("chunked in two fields", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked"),
    length("chunked with a letter", "Transfer-Encoding: xchunked", status=501),
    length("chunked with a parameter", "Transfer-Encoding: chunked;a=b", status=501),
    length("chunked with a comma", "Transfer-Encoding: chunked,", status=501),
    length("chunked in quotes", 'Transfer-Encoding: "chunked"', status=501),
    length("chunked after a vertical tab", "Transfer-Encoding: \x0bchunked", status=501, deviates=VALUES),
    length("identity", "Transfer-Encoding: identity", status=501),
    length("empty coding", "Transfer-Encoding:", status=501),
    length("space before the colon of the coding", "Transfer-Encoding : chunked"),
    Exchange(
        "underscore in the name of the coding",
        request("POST", "/", "Transfer_Encoding: chunked") + get("/next"),
        (200, 200),
    ),
    Exchange(
        "chunked in HTTP/1.0", request("POST", "/", "Transfer-Encoding: chunked", version="1.0", body=CHUNKS), 400
    ),
    Exchange("chunked and Connection: transfer-encoding", chunked("/", CHUNKS, "Connection: transfer-encoding"), 200),
    Exchange("length and Connection: content-length", post("/", HELLO, "Connection: content-length"), 200),
]

CHUNKED = [
    chunks("size with a sign", b"+5\r\nhello\r\n0\r\n\r\n"),
    chunks("size with 0x", b"0x5\r\nhello\r\n0\r\n\r\n"),
    chunks("size without digits", b"\r\nhello\r\n0\r\n\r\n"),
    chunks("size with an underscore", b"1_0\r\nhello\r\n0\r\n\r\n"),
    chunks("size too big", b"fffffffffffffffff\r\nhello\r\n0\r\n\r\n"),
    chunks("size negative", b"-1\r\nhello\r\n0\r\n\r\n"),
    chunks("size after a space", b" 5\r\nhello\r\n0\r\n\r\n"),
    chunks("space after the size", b"5 \r\nhello\r\n0\r\n\r\n", 200, CHUNK),
    chunks("tab after the size", b"5\t\r\nhello\r\n0\r\n\r\n", 200, CHUNK),
    chunks("a letter after the size", b"5g\r\nhello\r\n0\r\n\r\n"),
    chunks("bare LF after the size", b"5\nhello\r\n0\r\n\r\n"),
    chunks("bare CR after the size", b"5\rhello\r\n0\r\n\r\n"),
    chunks("bare LF after the data", b"5\r\nhello\n0\r\n\r\n"),
    chunks("bare LF after the last size", b"5\r\nhello\r\n0\n\r\n"),
    chunks("bare LF at the end", b"5\r\nhello\r\n0\r\n\n"),
    chunks("bare LF in an extension", b"5;a=\nb\r\nhello\r\n0\r\n\r\n"),
    chunks("bare CR in an extension", b"5;a=\rb\r\nhello\r\n0\r\n\r\n"),
    chunks("data longer than the size", b"5\r\nhello!\r\n0\r\n\r\n"),
    chunks("data shorter than the size", b"5\r\nhell\r\n0\r\n\r\n"),
    chunks("a trailer with a bad name", b"5\r\nhello\r\n0\r\nX Y: 1\r\n\r\n", 200, CHUNK),
    chunks("a trailer without a colon", b"5\r\nhello\r\n0\r\nnonsense\r\n\r\n", 200, CHUNK),
    chunks("a trailer that is a length", b"5\r\nhello\r\n0\r\nContent-Length: 50\r\n\r\n", 200),
    chunks("a trailer that is a coding", b"5\r\nhello\r\n0\r\nTransfer-Encoding: gzip\r\n\r\n", 200),
    chunks("a trailer with a NUL", b"5\r\nhello\r\n0\r\nX: a\0b\r\n\r\n", 200, CHUNK),
]

EXCHANGES = LENGTHS + CHUNKED


@pytest.mark.parametrize("exchange", EXCHANGES, ids=str)
def test_wire_framing(pair: Pair, exchange: Exchange) -> None:
    pair.compare(exchange)


@pytest.mark.parametrize("exchange", EXCHANGES, ids=str)
def test_one_byte_at_a_time(pair: Pair, exchange: Exchange) -> None:
    pair.compare(exchange.one_byte_at_a_time())
