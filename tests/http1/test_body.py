from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyproxy.http1.body import (
    CHUNKED,
    LAST_CHUNK,
    UNTIL_CLOSE,
    BodyReader,
    ChunkedReader,
    LengthReader,
    UntilCloseReader,
    body_reader,
    encode_chunk,
    request_framing,
    response_framing,
)
from pyproxy.http1.head import RequestParser, ResponseParser
from pyproxy.http1.message import CLIENT, UPSTREAM, BadMessage


def read(reader: BodyReader, pieces: Iterable[bytes]) -> tuple[bytes, bytes | None]:
    """The content, and what follows the body: the reader's rest and all pieces that came after it; None if not over."""
    content = b""
    rest: bytes | None = None
    for piece in pieces:
        if rest is not None:
            rest += piece
            continue
        parts, rest = reader.feed(piece)
        content += b"".join(parts)
    return content, rest


def splits(data: bytes) -> list[list[bytes]]:
    """Whole, byte by byte, and in two at every place."""
    return [
        [data],
        [data[i : i + 1] for i in range(len(data))],
        *([data[:i], data[i:]] for i in range(1, len(data))),
    ]


def framing_of(head: bytes) -> int:
    return request_framing(RequestParser().parse(head))


def answer_framing(head: bytes, method: bytes = b"GET") -> int:
    return response_framing(ResponseParser().parse(head), method)


CHUNKED_BODIES: dict[str, tuple[bytes, bytes]] = {
    "empty": (b"0\r\n\r\n", b""),
    "one chunk": (b"5\r\nhello\r\n0\r\n\r\n", b"hello"),
    "two chunks": (b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", b"hello world"),
    "hexadecimal": (b"a\r\n0123456789\r\nB\r\n0123456789a\r\n0\r\n\r\n", b"01234567890123456789a"),
    "leading zeros": (b"0005\r\nhello\r\n000\r\n\r\n", b"hello"),
    "content like framing": (b"9\r\n\r\n0\r\n\r\n\r\n\r\n0\r\n\r\n", b"\r\n0\r\n\r\n\r\n"),
    "extension": (b"5;a\r\nhello\r\n0;b=c\r\n\r\n", b"hello"),
    "quoted extension": (b'5 ; a="b;\t\\"c" ;d\r\nhello\r\n0\r\n\r\n', b"hello"),
    "empty extension": (b"5;\r\nhello\r\n0\r\n\r\n", b"hello"),
    "trailers": (b"1\r\nx\r\n0\r\nA: 1\r\nb: 2\r\n\r\n", b"x"),
}

BAD_CHUNKED_BODIES: dict[str, bytes] = {
    "no size": b"\r\nhello\r\n0\r\n\r\n",
    "no size, extension": b";a\r\n\r\n0\r\n\r\n",
    "not hexadecimal": b"g\r\n",
    "0x": b"0x5\r\nhello\r\n0\r\n\r\n",
    "minus": b"-5\r\nhello\r\n",
    "plus": b"+5\r\nhello\r\n",
    "underscore": b"1_0\r\nhello\r\n",
    "not ASCII": b"\xd9\xa5\r\nhello\r\n",
    "space before": b" 5\r\nhello\r\n",
    "space after": b"5 \r\nhello\r\n0\r\n\r\n",
    "tab after": b"5\t\r\nhello\r\n0\r\n\r\n",
    "vertical tab after": b"5\x0b\r\nhello\r\n0\r\n\r\n",
    "two sizes": b"5 5\r\nhello\r\n0\r\n\r\n",
    "comma": b"5,a\r\nhello\r\n0\r\n\r\n",
    "16 digits": b"0000000000000005\r\nhello\r\n0\r\n\r\n",
    "2 ** 64": b"10000000000000005\r\nhello\r\n0\r\n\r\n",
    "LF after the size": b"5\nhello\r\n0\r\n\r\n",
    "CR after the size": b"5\rhello\r\n0\r\n\r\n",
    "CR CR LF after the size": b"5\r\r\nhello\r\n0\r\n\r\n",
    "LF in an extension": b"5;a\nb\r\nhello\r\n0\r\n\r\n",
    "CR in an extension": b"5;a\rb\r\nhello\r\n0\r\n\r\n",
    "LF in a quoted extension": b'5;a="\n"\r\nhello\r\n0\r\n\r\n',
    "NUL in an extension": b"5;\x00\r\nhello\r\n0\r\n\r\n",
    "endless extension": b"5;" + b"a" * 1100,
    "too long an extension": b"5;" + b"a" * 1100 + b"\r\n",
    "data too long": b"5\r\nhello!\r\n0\r\n\r\n",
    "data too short": b"5\r\nhell\r\n0\r\n\r\n",
    "LF after the data": b"5\r\nhello\n0\r\n\r\n",
    "CR after the data": b"5\r\nhello\r0\r\n\r\n",
    "CR CR LF after the data": b"5\r\nhello\r\r\n0\r\n\r\n",
    "any two bytes after the data": b"5\r\nhelloxx0\r\n\r\n",
    "nothing after the data": b"5\r\nhello0\r\n\r\n",
    "LF at the end": b"0\r\n\n",
    "CR at the end": b"0\r\n\rX",
    "LF in trailers": b"0\r\nA: 1\n\n",
    "LF between trailers": b"0\r\nA: 1\nB: 2\r\n\r\n",
    "LFs end the trailers, then a request": b"0\r\nA: 1\n\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "LF after the last trailer": b"0\r\nA: 1\n\r\n",
    "LF ends the trailers": b"0\r\nA: 1\r\n\n",
    "trailer without a colon": b"0\r\nA\r\n\r\n",
    "trailer with a space before the colon": b"0\r\nA : 1\r\n\r\n",
    "continuation in trailers": b"0\r\nA: 1\r\n 2\r\n\r\n",
    "NUL in trailers": b"0\r\nA: \x00\r\n\r\n",
    "another request for trailers": b"0\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "too long trailers": b"0\r\nA: " + b"a" * 8200 + b"\r\n\r\n",
    "endless trailers": b"0\r\nA: " + b"a" * 8200,
}


@pytest.mark.parametrize("case", CHUNKED_BODIES)
@pytest.mark.parametrize("rest", [b"", b"\r\n", b"0\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n"])
def test_chunked(case: str, rest: bytes) -> None:
    data, content = CHUNKED_BODIES[case]
    for pieces in splits(data + rest):
        assert read(ChunkedReader(CLIENT), pieces) == (content, rest)
    for end in range(len(data)):
        reader = ChunkedReader(CLIENT)
        received, over = read(reader, [data[:end]])
        assert over is None
        assert content.startswith(received)
        with pytest.raises(BadMessage, match="client prematurely closed connection"):
            reader.eof()


@pytest.mark.parametrize("case", BAD_CHUNKED_BODIES)
def test_bad_chunked(case: str) -> None:
    data = BAD_CHUNKED_BODIES[case]
    for sender, status in ((CLIENT, 400), (UPSTREAM, 502)):
        for pieces in splits(data) if len(data) < 100 else [[data], [data[:9], data[9:]]]:
            with pytest.raises(BadMessage) as caught:
                read(ChunkedReader(sender), pieces)
            assert caught.value.status == status
            assert caught.value.reason.startswith(f"{sender.name} sent ")


def test_trailers_are_handed_out_without_those_that_steer() -> None:
    data = b"0\r\nETag: x\r\nContent-Length: 5\r\nHost: b\r\nAuthorization: c\r\nConnection: close\r\nX-Y:\t1 \r\n\r\n"
    for pieces in splits(data):
        reader = ChunkedReader(CLIENT)
        read(reader, pieces)
        assert reader.trailers == ((b"etag", b"ETag", b"x"), (b"x-y", b"X-Y", b"1"))


def test_trailers_that_steer_are_not_even_looked_at() -> None:
    for trailer in (b"Content-Length: x", b"Transfer-Encoding: gzip", b"Host: a b", b"Host: a\r\nHost: b"):
        reader = ChunkedReader(CLIENT)
        assert reader.feed(b"0\r\n" + trailer + b"\r\n\r\nnext") == ([], b"next")
        assert reader.trailers == ()


def test_big_pieces_are_not_copied() -> None:
    content = bytes(100_000)
    data = b"%x\r\n" % len(content) + content + b"\r\n"
    (piece,), rest = ChunkedReader(UPSTREAM).feed(data)
    assert isinstance(piece, memoryview)
    assert piece.obj is data
    assert piece == content
    assert rest is None
    assert LengthReader(len(data) + 1, UPSTREAM).feed(data)[0][0] is data
    assert LengthReader(len(data), UPSTREAM).feed(data)[0][0] is data


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=8), st.binary(max_size=8), st.data())
def test_what_encode_chunk_writes_is_read_back(chunks: list[bytes], rest: bytes, data: st.DataObject) -> None:
    wire = b"".join(b"".join(encode_chunk(chunk)) for chunk in chunks) + LAST_CHUNK + rest
    cuts = sorted(data.draw(st.lists(st.integers(0, len(wire)), max_size=6)))
    pieces = [wire[a:b] for a, b in zip([0, *cuts], [*cuts, len(wire)], strict=True)]
    assert read(ChunkedReader(CLIENT), pieces) == (b"".join(chunks), rest)


def test_an_empty_chunk_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="LAST_CHUNK"):
        encode_chunk(b"")


@pytest.mark.parametrize("rest", [b"", b"GET / HTTP/1.1\r\n\r\n"])
def test_length(rest: bytes) -> None:
    for pieces in splits(b"hello" + rest):
        assert read(LengthReader(5, CLIENT), pieces) == (b"hello", rest)
    for end in range(5):
        reader = LengthReader(5, UPSTREAM)
        assert read(reader, [b"hello"[:end]]) == (b"hello"[:end], None)
        with pytest.raises(BadMessage, match="upstream prematurely closed connection") as caught:
            reader.eof()
        assert caught.value.status == 502


def test_until_close() -> None:
    reader = UntilCloseReader()
    for pieces in splits(b"hello"):
        assert read(reader, pieces) == (b"hello", None)
    reader.eof()


@pytest.mark.parametrize(
    ("head", "framing"),
    [
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", 0),
        (b"POST / HTTP/1.0\r\n\r\n", 0),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", 0),
        (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 7\r\n\r\n", 7),
        (b"HEAD / HTTP/1.0\r\nContent-Length: 7\r\n\r\n", 7),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", CHUNKED),
    ],
)
def test_request_framing(head: bytes, framing: int) -> None:
    assert framing_of(head) == framing


@pytest.mark.parametrize("fields", [b"", b"Content-Length: 7\r\n", b"Transfer-Encoding: chunked\r\n"])
@pytest.mark.parametrize("status", [100, 101, 103, 199, 200, 204, 206, 301, 304, 404, 500])
@pytest.mark.parametrize("method", [b"GET", b"HEAD", b"POST"])
def test_response_framing(method: bytes, status: int, fields: bytes) -> None:
    bodyless = method == b"HEAD" or status < 200 or status in (204, 304)
    expected = {b"": UNTIL_CLOSE, b"C": 7, b"T": CHUNKED}[fields[:1]]
    head = b"HTTP/1.1 %d X\r\n%b\r\n" % (status, fields)
    assert answer_framing(head, method) == (0 if bodyless else expected)


def test_the_reader_for_a_framing() -> None:
    assert body_reader(0, CLIENT) is None
    assert isinstance(body_reader(1, CLIENT), LengthReader)
    assert isinstance(body_reader(CHUNKED, CLIENT), ChunkedReader)
    assert isinstance(body_reader(UNTIL_CLOSE, UPSTREAM), UntilCloseReader)


def test_many_tiny_chunks_are_one_piece() -> None:
    pieces, rest = ChunkedReader(CLIENT).feed(b"1\r\na\r\n" * 1000 + b"0\r\n\r\n")
    assert (pieces, rest) == ([b"a" * 1000], b"")
