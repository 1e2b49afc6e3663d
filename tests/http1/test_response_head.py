from __future__ import annotations

import pytest

from pyproxy.core.message import ResponseHead
from pyproxy.http1.head import ResponseParser
from pyproxy.http1.message import BadMessage

from .pieces import byte_by_byte, read


def ways(data: bytes) -> list[list[bytes]]:
    return [[data], byte_by_byte(data), [data]]


def response(fields: bytes, line: bytes = b"HTTP/1.1 200 OK") -> bytes:
    return line + b"\r\n" + fields + b"\r\n"


ACCEPTED: dict[str, tuple[bytes, dict[str, object]]] = {
    "the least": (
        b"HTTP/1.1 200 OK\r\n\r\n",
        {
            "version": 11,
            "status": 200,
            "reason": b"OK",
            "content_length": None,
            "chunked": False,
            "keep_alive": True,
            "upgrade": None,
            "pairs": (),
        },
    ),
    "no reason": (b"HTTP/1.1 200 \r\n\r\n", {"status": 200, "reason": b""}),
    "no reason, no space": (b"HTTP/1.1 200\r\n\r\n", {"status": 200, "reason": b""}),
    "a long reason": (b"HTTP/1.1 404 N\xf3 s\t\xe9  x\r\n\r\n", {"status": 404, "reason": b"N\xf3 s\t\xe9  x"}),
    "HTTP/1.0": (b"HTTP/1.0 200 OK\r\n\r\n", {"version": 10, "keep_alive": False}),
    "HTTP/1.0 never keeps": (response(b"Connection: keep-alive\r\n", b"HTTP/1.0 200 OK"), {"keep_alive": False}),
    "HTTP/1.3": (b"HTTP/1.3 200 OK\r\n\r\n", {"version": 11}),
    "HTTP/2.0": (b"HTTP/2.0 200 OK\r\n\r\n", {"version": 11, "keep_alive": True}),
    "any status": (b"HTTP/1.1 999 X\r\n\r\n", {"status": 999}),
    "interim": (response(b"Link: </a>\r\n", b"HTTP/1.1 103 Early Hints"), {"status": 103}),
    "closes": (response(b"Connection: Close\r\n"), {"keep_alive": False}),
    "a length": (response(b"Content-Length: 0\r\n"), {"content_length": 0}),
    "chunked": (response(b"Transfer-Encoding: Chunked\r\n"), {"chunked": True, "content_length": None}),
    "upgrade": (
        response(b"Upgrade: WebSocket\r\nConnection: upgrade\r\n", b"HTTP/1.1 101 Switching Protocols"),
        {"status": 101, "upgrade": b"websocket"},
    ),
    "upgrade, not named": (response(b"Upgrade: websocket\r\n", b"HTTP/1.1 101 Switching Protocols"), {"upgrade": None}),
    "names that clients may not use": (
        response(b"X_Y: 1\r\nHost: a..b\r\nHost: c\r\n"),
        {"pairs": ((b"x_y", b"X_Y", b"1"), (b"host", b"Host", b"a..b"), (b"host", b"Host", b"c"))},
    ),
    "repeated cookies": (
        response(b"Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n"),
        {"pairs": ((b"set-cookie", b"Set-Cookie", b"a=1"), (b"set-cookie", b"Set-Cookie", b"b=2"))},
    ),
    "only the first counts": (
        response(b"Content-Type: a/b\r\nDate: x\r\ncontent-type: c/d\r\nDATE: y\r\n"),
        {"pairs": ((b"content-type", b"Content-Type", b"a/b"), (b"date", b"Date", b"x"))},
    ),
}

REFUSED: dict[str, bytes] = {
    "HTTP/0.9": b"<html>\r\n\r\n</html>",
    "HTTP/1.10": b"HTTP/1.10 200 OK\r\n\r\n",
    "lower case": b"http/1.1 200 OK\r\n\r\n",
    "another protocol": b"ICY 200 OK\r\n\r\n",
    "an empty line first": b"\r\nHTTP/1.1 200 OK\r\n\r\n",
    "two spaces": b"HTTP/1.1  200 OK\r\n\r\n",
    "two digits": b"HTTP/1.1 20 OK\r\n\r\n",
    "four digits": b"HTTP/1.1 2000 OK\r\n\r\n",
    "leading zero": b"HTTP/1.1 020 OK\r\n\r\n",
    "sign": b"HTTP/1.1 +20 OK\r\n\r\n",
    "not ASCII": "HTTP/1.1 ٢٠٠ OK\r\n\r\n".encode(),
    "IIS's substatus": b"HTTP/1.1 403.1 Forbidden\r\n\r\n",
    "no status": b"HTTP/1.1 OK\r\n\r\n",
    "NUL in the reason": b"HTTP/1.1 200 O\x00K\r\n\r\n",
    "CR in the reason": b"HTTP/1.1 200 O\rK\r\n\r\n",
    "CR CR LF": b"HTTP/1.1 200 OK\nX: 1\r\r\n\n",
    "CR between two LFs and more": b"HTTP/1.1 200 OK\nX: 1\n\rY: 1\n\n",
    "LF first": b"\nHTTP/1.1 200 OK\n\n",
    "LFs first": b"\n\nHTTP/1.1 200 OK\n\n",
    "continuation line after LF": b"HTTP/1.1 200 OK\nX: 1\n 2\n\n",
    "LF instead of a reason's end, and no field": b"HTTP/1.1 200 OK\nX\n\n",
    "length and chunked among LFs": response(b"Content-Length: 3\nTransfer-Encoding: chunked\n"),
    "a second status line": response(b"HTTP/1.1 200 OK\r\n"),
    "length and chunked": response(b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n"),
    "two lengths": response(b"Content-Length: 3\r\nContent-Length: 4\r\n"),
    "two equal lengths": response(b"Content-Length: 3\r\nContent-Length: 3\r\n"),
    "lengths in a list": response(b"Content-Length: 3, 3\r\n"),
    "minus": response(b"Content-Length: -1\r\n"),
    "empty length": response(b"Content-Length: \r\n"),
    "gzip, chunked": response(b"Transfer-Encoding: gzip, chunked\r\n"),
    "chunked twice": response(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
    "identity": response(b"Transfer-Encoding: identity\r\n"),
    "chunked in 1.0": response(b"Transfer-Encoding: chunked\r\n", b"HTTP/1.0 200 OK"),
    "continuation line": response(b"X: 1\r\n 2\r\n"),
    "space before the colon": response(b"X : 1\r\n"),
    "no colon": response(b"X\r\n"),
    "odd name": response(b"X(: 1\r\n"),
    "NUL in a value": response(b"X: \x00\r\n"),
    "CR in a value": response(b"Location: /\rSet-Cookie: a\r\n"),
    "too many fields": response(b"X:\r\n" * 1001),
    "too big": response(b"X: " + b"a" * 33000 + b"\r\n"),
    "endless": b"HTTP/1.1 200 " + b"a" * 33000,
}


@pytest.mark.parametrize("case", ACCEPTED)
def test_accepted(case: str) -> None:
    data, expected = ACCEPTED[case]
    parser = ResponseParser()
    for pieces in ways(data):
        head, _ = read(pieces, parser)
        facts = {name: getattr(head, name) for name in ResponseHead.__slots__} | {"pairs": head.fields.pairs}
        assert {name: facts[name] for name in expected} == expected


@pytest.mark.parametrize("case", REFUSED)
def test_refused_as_a_bad_gateway(case: str) -> None:
    data = REFUSED[case]
    parser = ResponseParser()
    for pieces in ways(data) if len(data) < 1000 else [[data]]:
        with pytest.raises(BadMessage) as caught:
            read(pieces, parser)
        assert caught.value.status == 502
        assert caught.value.reason.startswith("upstream sent ")


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 OK\nX: 1\r\nY: 2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: 1\nY: 2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: 1\r\nY: 2\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: 1\r\nY: 2\r\n\n",
        b"HTTP/1.1 200 OK\nX: 1\nY: 2\n\n",
    ],
)
@pytest.mark.parametrize("body", [b"", b"\n", b"\r\n\r\n", b"Set-Cookie: a\r\n\r\n"])
def test_a_bare_lf_is_read_as_crlf_and_the_first_empty_line_ends_the_head(data: bytes, body: bytes) -> None:
    parser = ResponseParser()
    for cut in range(len(data)):
        head, rest = read([data[:cut], data[cut:] + body], parser)
        assert (head.status, head.reason, rest) == (200, b"OK", body)
        assert head.fields.pairs == ((b"x", b"X", b"1"), (b"y", b"Y", b"2"))
    assert read(byte_by_byte(data), parser)[0].status == 200


def test_a_status_line_alone_may_end_in_lf() -> None:
    for data in (b"HTTP/1.1 204\n\n", b"HTTP/1.1 204 \n\r\n", b"HTTP/1.1 204\r\n\n"):
        for pieces in ways(data):
            assert read(pieces, ResponseParser())[0].status == 204


def test_garbage_is_refused_before_a_line_is_complete() -> None:
    parser = ResponseParser()
    parser.check_unfinished(b"HTTP/")
    for garbage in (b"SSH-2.0-OpenSSH", b"<", b"HTTP2", b"\n"):
        with pytest.raises(BadMessage):
            parser.check_unfinished(garbage)


def test_the_limit_is_the_whole_head() -> None:
    data = response(b"X: abc\r\n")
    assert ResponseParser(len(data)).parse(data).status == 200
    with pytest.raises(BadMessage, match="too big"):
        ResponseParser(len(data) - 1).parse(data)
    with_lf = data.replace(b"\r", b"")
    assert ResponseParser(len(with_lf)).parse(with_lf).status == 200
