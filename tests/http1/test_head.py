from __future__ import annotations

from collections.abc import Iterable

import pytest

from pyproxy.core.message import RequestHead
from pyproxy.http1.head import HeadLimits, RequestParser, find_head_end, unreadable_head
from pyproxy.http1.message import BadMessage

HOST = b"Host: a\r\n"


def read(pieces: Iterable[bytes], parser: RequestParser) -> tuple[RequestHead, bytes]:
    """What a connection does: look for the end after each read, ask whether to go on waiting, then parse."""
    data = b""
    seen = 0
    for piece in pieces:
        data += piece
        end = find_head_end(data)
        if end >= 0:
            return parser.parse(data[:end]), data[end:]
        parser.check_unfinished(data, 0, seen)
        seen = len(data)
    raise EOFError(f"still waiting after {data!r}")


def byte_by_byte(data: bytes) -> list[bytes]:
    return [data[i : i + 1] for i in range(len(data))]


def parse(data: bytes, parser: RequestParser | None = None) -> RequestHead:
    """Parse whole, byte by byte and once more from memory: all three must agree."""
    parser = parser or RequestParser()
    heads = [read(pieces, parser) for pieces in ([data], byte_by_byte(data), [data])]
    facts = [(facts_of(head), rest) for head, rest in heads]
    assert facts[0] == facts[1] == facts[2]
    assert heads[0][1] == b""
    return heads[0][0]


def facts_of(head: RequestHead) -> dict[str, object]:
    slots = {name: getattr(head, name) for name in RequestHead.__slots__ if name not in ("fields", "section")}
    return slots | {"pairs": head.fields.pairs}


def refused(data: bytes, pieces: Iterable[bytes], parser: RequestParser | None = None) -> BadMessage:
    with pytest.raises(BadMessage) as caught:
        read(pieces, parser or RequestParser())
    return caught.value


def request(fields: bytes, line: bytes = b"GET / HTTP/1.1") -> bytes:
    return line + b"\r\n" + fields + b"\r\n"


ACCEPTED: dict[str, tuple[bytes, dict[str, object]]] = {
    "the least": (
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        {
            "line": b"GET / HTTP/1.1",
            "method": b"GET",
            "target": b"/",
            "version": 11,
            "host": b"a",
            "authority": None,
            "content_length": 0,
            "chunked": False,
            "keep_alive": True,
            "expect_continue": False,
            "upgrade": None,
            "pairs": ((b"host", b"Host", b"a"),),
        },
    ),
    "HTTP/1.0 closes": (b"GET / HTTP/1.0\r\n\r\n", {"version": 10, "host": None, "keep_alive": False, "pairs": ()}),
    "HTTP/1.0 keeps": (request(b"Connection: Keep-Alive\r\n", b"GET / HTTP/1.0"), {"keep_alive": True}),
    "HTTP/1.0, both options": (request(b"Connection: keep-alive, close\r\n", b"GET / HTTP/1.0"), {"keep_alive": False}),
    "HTTP/1.1 closes": (request(HOST + b"connection: foo ,\tCLOSE\r\n"), {"keep_alive": False}),
    "close in a second Connection": (request(HOST + b"Connection: a\r\nConnection: close\r\n"), {"keep_alive": False}),
    "closed is not close": (request(HOST + b"Connection: closed\r\n"), {"keep_alive": True}),
    "HTTP/1.2 is 1.1": (b"GET / HTTP/1.2\r\nHost: a\r\n\r\n", {"version": 11, "line": b"GET / HTTP/1.2"}),
    "HTTP/1.9 is 1.1": (b"GET / HTTP/1.9\r\nHost: a\r\n\r\n", {"version": 11}),
    "empty lines before": (b"\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", {"line": b"GET / HTTP/1.1"}),
    "four empty lines before": (b"\r\n" * 4 + b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", {"method": b"GET"}),
    "empty line before absolute form": (b"\r\nGET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", {"host": b"b"}),
    "any method": (b"M-SEARCH_X / HTTP/1.1\r\nHost: a\r\n\r\n", {"method": b"M-SEARCH_X"}),
    "target as sent": (
        b'GET /a/../b//%2e?x=/../&y=%00\\"<>|^` HTTP/1.1\r\nHost: a\r\n\r\n',
        {"target": b'/a/../b//%2e?x=/../&y=%00\\"<>|^`'},
    ),
    "high bytes in the target": (b"GET /\xc3\xa9\xff HTTP/1.1\r\nHost: a\r\n\r\n", {"target": b"/\xc3\xa9\xff"}),
    "absolute form": (
        b"GET http://Example.COM.:8080/p?q HTTP/1.1\r\nHost: other\r\n\r\n",
        {
            "line": b"GET http://Example.COM.:8080/p?q HTTP/1.1",
            "target": b"/p?q",
            "host": b"example.com",
            "authority": b"Example.COM.:8080",
            "pairs": ((b"host", b"Host", b"other"),),
        },
    ),
    "absolute form, no path": (b"GET HTTPS://b HTTP/1.1\r\nHost: a\r\n\r\n", {"target": b"/", "host": b"b"}),
    "absolute form, query only": (b"GET http://b?q HTTP/1.1\r\nHost: a\r\n\r\n", {"target": b"/?q", "host": b"b"}),
    "absolute form, IPv6": (b"GET http://[::1]:80/ HTTP/1.1\r\nHost: a\r\n\r\n", {"host": b"[::1]"}),
    "absolute form in 1.0": (b"GET http://b/ HTTP/1.0\r\n\r\n", {"host": b"b", "version": 10}),
    "host is normalised": (request(b"Host: WWW.Example.com.:80\r\n"), {"host": b"www.example.com"}),
    "host is an IPv6 address": (request(b"Host: [2001:DB8::1]:8080\r\n"), {"host": b"[2001:db8::1]"}),
    "white space around values": (
        request(b"Host: \t a \t\r\nX:\r\nY:  \t \r\nZ:a  b\t c\r\n"),
        {"pairs": ((b"host", b"Host", b"a"), (b"x", b"X", b""), (b"y", b"Y", b""), (b"z", b"Z", b"a  b\t c"))},
    ),
    "high bytes in a value": (
        request(HOST + b"X: \xe9\xff\r\n"),
        {"pairs": ((b"host", b"Host", b"a"), (b"x", b"X", b"\xe9\xff"))},
    ),
    "names that nginx drops": (
        request(HOST + b"X_Y: 1\r\nx.y: 2\r\nContent_Length: 3\r\nX-Y: 4\r\nhost_: b\r\n$x: 5\r\n"),
        {"pairs": ((b"host", b"Host", b"a"), (b"x-y", b"X-Y", b"4")), "content_length": 0},
    ),
    "a length": (request(HOST + b"CONTENT-length:  42 \r\n"), {"content_length": 42}),
    "leading zeros": (request(HOST + b"Content-Length: 00042\r\n"), {"content_length": 42}),
    "the longest length": (request(HOST + b"Content-Length: " + b"9" * 18 + b"\r\n"), {"content_length": 10**18 - 1}),
    "chunked": (request(HOST + b"Transfer-Encoding: \tchunked \r\n"), {"chunked": True, "content_length": 0}),
    "chunked in capitals": (request(HOST + b"transfer-encoding: CHUNKED\r\n"), {"chunked": True}),
    "expect": (request(HOST + b"Expect: 100-Continue\r\n"), {"expect_continue": True}),
    "expect something else": (request(HOST + b"Expect: coffee\r\n"), {"expect_continue": False}),
    "expect in 1.0": (request(b"Expect: 100-continue\r\n", b"POST / HTTP/1.0"), {"expect_continue": False}),
    "websocket": (
        request(HOST + b"Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n"),
        {"upgrade": b"websocket"},
    ),
    "upgrade not named by Connection": (request(HOST + b"Upgrade: websocket\r\n"), {"upgrade": None}),
    "h2c": (
        request(HOST + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"),
        {"upgrade": None},
    ),
    "websocket among others": (
        request(HOST + b"Connection: upgrade\r\nUpgrade: h2c, websocket\r\n"),
        {"upgrade": None},
    ),
    "websocket, then h2c": (
        request(HOST + b"Connection: upgrade\r\nUpgrade: websocket\r\nUpgrade: h2c\r\n"),
        {"upgrade": None},
    ),
    "websocket by POST": (
        request(HOST + b"Connection: upgrade\r\nUpgrade: websocket\r\n", b"POST / HTTP/1.1"),
        {"upgrade": None},
    ),
    "websocket with a body": (
        request(HOST + b"Connection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 3\r\n"),
        {"upgrade": None},
    ),
    "websocket in 1.0": (
        request(HOST + b"Connection: upgrade\r\nUpgrade: websocket\r\n", b"GET / HTTP/1.0"),
        {"upgrade": None},
    ),
    "repeated cookies": (
        request(HOST + b"Cookie: a\r\ncookie: b\r\n"),
        {"pairs": ((b"host", b"Host", b"a"), (b"cookie", b"Cookie", b"a"), (b"cookie", b"cookie", b"b"))},
    ),
}

REFUSED: dict[str, tuple[bytes, int]] = {
    # the first line
    "lower-case method": (b"get / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "no method": (b" / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "space before the method": (b" GET / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "colon in the method": (b"GE:T / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "two spaces": (b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "two spaces before the version": (b"GET /  HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "space after the version": (b"GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 400),
    "tab for a space": (b"GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "tab in the target": (b"GET /a\tb HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "space in the target": (b"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "NUL in the target": (b"GET /a\x00b HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "DEL in the target": (b"GET /a\x7fb HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "CR in the target": (b"GET /a\rb HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "HTTP/0.9": (b"GET /\r\n\r\n", 400),
    "HTTP/0.9, said": (b"GET / HTTP/0.9\r\n\r\n", 400),
    "HTTP/2.0": (b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
    "HTTP/3.1": (b"GET http://a/ HTTP/3.1\r\nHost: a\r\n\r\n", 505),
    "HTTP/11.1": (b"GET / HTTP/11.1\r\nHost: a\r\n\r\n", 505),
    "the HTTP/2 preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    "HTTP/01.1": (b"GET / HTTP/01.1\r\nHost: a\r\n\r\n", 400),
    "HTTP/1.10": (b"GET / HTTP/1.10\r\nHost: a\r\n\r\n", 400),
    "HTTP/1.": (b"GET / HTTP/1.\r\nHost: a\r\n\r\n", 400),
    "HTTP/1": (b"GET / HTTP/1\r\nHost: a\r\n\r\n", 400),
    "HTTP/1,1": (b"GET / HTTP/1,1\r\nHost: a\r\n\r\n", 400),
    "lower-case version": (b"GET / http/1.1\r\nHost: a\r\n\r\n", 400),
    "another protocol": (b"GET / ICY/1.1\r\nHost: a\r\n\r\n", 400),
    "a TLS hello": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
    "five empty lines": (b"\r\n" * 5 + b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "only empty lines": (b"\r\n" * 9, 400),
    "asterisk": (b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "authority form": (b"GET a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "relative target": (b"GET a HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "another scheme": (b"GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "empty authority": (b"GET http:///a HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "user in the authority": (b"GET http://u:p@a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "two dots in the authority": (b"GET http://a..b/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "port too high in the authority": (b"GET http://a:65536/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "fragment after the authority": (b"GET http://a#b HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "absolute form without Host": (b"GET http://a/ HTTP/1.1\r\n\r\n", 400),
    "CONNECT": (b"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", 405),
    "CONNECT and LF": (b"CONNECT a:443 HTTP/1.1\nHost: a\n\n", 405),
    "CONNECT without a port": (b"CONNECT a HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "CONNECT to a path": (b"CONNECT / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "CONNECT to a URI": (b"CONNECT http://a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "TRACE to nothing": (b"TRACE * HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "TRACE": (b"TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 405),
    "TRACE, absolute": (b"TRACE http://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 405),
    # Host
    "no Host": (b"GET / HTTP/1.1\r\n\r\n", 400),
    "empty Host": (request(b"Host:\r\n"), 400),
    "Host is a dot": (request(b"Host: .\r\n"), 400),
    "Host is a port": (request(b"Host: :80\r\n"), 400),
    "two Hosts": (request(HOST + b"host: b\r\n"), 400),
    "two equal Hosts": (request(HOST * 2), 400),
    "Hosts in a list": (request(b"Host: a, b\r\n"), 400),
    "space in Host": (request(b"Host: a b\r\n"), 400),
    "slash in Host": (request(b"Host: a/b\r\n"), 400),
    "user in Host": (request(b"Host: u@a\r\n"), 400),
    "two dots in Host": (request(b"Host: a..b\r\n"), 400),
    "high byte in Host": (request(b"Host: \xe9\r\n"), 400),
    "port of letters": (request(b"Host: a:b\r\n"), 400),
    "port too high": (request(b"Host: a:65536\r\n"), 400),
    "bracket not closed": (request(b"Host: [::1\r\n"), 400),
    "only HTTP/1.0 may omit it": (b"GET / HTTP/1.2\r\n\r\n", 400),
    # framing
    "length and chunked": (request(HOST + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n"), 400),
    "chunked and length": (request(HOST + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n"), 400),
    "two lengths": (request(HOST + b"Content-Length: 3\r\nContent-Length: 4\r\n"), 400),
    "two equal lengths": (request(HOST + b"Content-Length: 3\r\ncontent-length: 3\r\n"), 400),
    "lengths in a list": (request(HOST + b"Content-Length: 3, 3\r\n"), 400),
    "lengths in a list, no space": (request(HOST + b"Content-Length: 3,3\r\n"), 400),
    "empty length": (request(HOST + b"Content-Length:\r\n"), 400),
    "plus": (request(HOST + b"Content-Length: +5\r\n"), 400),
    "minus": (request(HOST + b"Content-Length: -5\r\n"), 400),
    "space within": (request(HOST + b"Content-Length: 5 5\r\n"), 400),
    "hexadecimal": (request(HOST + b"Content-Length: 0x5\r\n"), 400),
    "underscore": (request(HOST + b"Content-Length: 1_0\r\n"), 400),
    "not ASCII": (request(HOST + "Content-Length: ٣\r\n".encode()), 400),
    "superscript": (request(HOST + b"Content-Length: \xb2\r\n"), 400),
    "vertical tab before": (request(HOST + b"Content-Length: \x0b5\r\n"), 400),
    "no-break space": (request(HOST + b"Content-Length: 5\xa0\r\n"), 400),
    "fraction": (request(HOST + b"Content-Length: 5.0\r\n"), 400),
    "19 digits": (request(HOST + b"Content-Length: " + b"1" * 19 + b"\r\n"), 400),
    "19 zeros": (request(HOST + b"Content-Length: " + b"0" * 19 + b"\r\n"), 400),
    "gzip": (request(HOST + b"Transfer-Encoding: gzip\r\n"), 501),
    "gzip, chunked": (request(HOST + b"Transfer-Encoding: gzip, chunked\r\n"), 501),
    "chunked, gzip": (request(HOST + b"Transfer-Encoding: chunked, gzip\r\n"), 501),
    "chunked, chunked": (request(HOST + b"Transfer-Encoding: chunked, chunked\r\n"), 501),
    "chunked twice": (request(HOST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 400),
    "chunked, then identity": (request(HOST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n"), 400),
    "xchunked": (request(HOST + b"Transfer-Encoding: xchunked\r\n"), 501),
    "quoted chunked": (request(HOST + b'Transfer-Encoding: "chunked"\r\n'), 501),
    "chunked with a parameter": (request(HOST + b"Transfer-Encoding: chunked;a=b\r\n"), 501),
    "chunked with a comma": (request(HOST + b"Transfer-Encoding: chunked,\r\n"), 501),
    "empty coding": (request(HOST + b"Transfer-Encoding:\r\n"), 501),
    "identity": (request(HOST + b"Transfer-Encoding: identity\r\n"), 501),
    "vertical tab before chunked": (request(HOST + b"Transfer-Encoding: \x0bchunked\r\n"), 400),
    "long s in chunked": (request(HOST + "Transfer-Encoding: chun\u212aed\r\n".encode()), 501),
    "chunked in 1.0": (request(HOST + b"Transfer-Encoding: chunked\r\n", b"POST / HTTP/1.0"), 400),
    # the grammar of fields
    "space before the colon": (request(HOST + b"X : 1\r\n"), 400),
    "tab before the colon": (request(HOST + b"Content-Length\t: 1\r\n"), 400),
    "no colon": (request(HOST + b"X\r\n"), 400),
    "empty name": (request(HOST + b": 1\r\n"), 400),
    "continuation line": (request(HOST + b"X: 1\r\n 2\r\n"), 400),
    "continuation by tab": (request(HOST + b"X: 1\r\n\t2\r\n"), 400),
    "continuation of Transfer-Encoding": (request(HOST + b"Transfer-Encoding:\r\n chunked\r\n"), 400),
    "space before the first name": (request(b" X: 1\r\n" + HOST), 400),
    "parenthesis in a name": (request(HOST + b"X(a): 1\r\n"), 400),
    "high byte in a name": (request(HOST + b"X\xe9: 1\r\n"), 400),
    "NUL in a name": (request(HOST + b"X\x00: 1\r\n"), 400),
    "NUL before a name": (request(HOST + b"\x00Transfer-Encoding: chunked\r\n"), 400),
    "NUL in a value": (request(HOST + b"X: a\x00b\r\n"), 400),
    "escape in a value": (request(HOST + b"X: a\x1bb\r\n"), 400),
    "vertical tab in a value": (request(HOST + b"X: a\x0bb\r\n"), 400),
    "DEL in a value": (request(HOST + b"X: a\x7fb\r\n"), 400),
    "CR in a value": (request(HOST + b"X: a\rb\r\n"), 400),
    "CR at the end of a value": (request(HOST + b"X: a\r\r\n"), 400),
    "CR before a name": (request(HOST + b"\rX: a\r\n"), 400),
    "CR CR LF": (b"GET / HTTP/1.1\r\nHost: a\r\n\r\r\n", 400),
    "CR CR LF ends the first line": (b"GET / HTTP/1.1\r\r\nHost: a\r\n\r\n", 400),
    "CR CR LF among LFs": (b"GET / HTTP/1.1\nHost: a\r\r\n\n", 400),
    "CR between two LFs and more": (b"GET / HTTP/1.1\nHost: a\n\rX: 1\n\n", 400),
    "CR in a value among LFs": (b"GET / HTTP/1.1\nHost: a\nX: a\rb\n\n", 400),
    "continuation line after LF": (b"GET / HTTP/1.1\nHost: a\nX: 1\n 2\n\n", 400),
    "space before the colon among LFs": (b"GET / HTTP/1.1\nHost: a\nContent-Length : 1\n\n", 400),
    "length and chunked among LFs": (request(HOST + b"Content-Length: 3\nTransfer-Encoding: chunked\n"), 400),
    "two Hosts, one line ends in LF": (request(b"Host: a\nHost: b\r\n"), 400),
    "HTTP/0.9 and LF": (b"GET /\n\n", 400),
    "HTTP/2.0 and LF": (b"GET / HTTP/2.0\nHost: a\n\n", 505),
    "nothing but a first line with LF": (b"GET / HTTP/1.1\n\n", 400),
    "five LFs before": (b"\n" * 5 + b"GET / HTTP/1.1\nHost: a\n\n", 400),
    "five empty lines before, mixed": (b"\n\r\n" * 2 + b"\nGET / HTTP/1.1\nHost: a\n\n", 400),
    "only LFs": (b"\n" * 9, 400),
    "CRs for line ends": (b"GET / HTTP/1.1\rHost: a\r\rX", 400),
    "CR before the request": (b"\rGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    # fields that nginx wants once
    "two Expects": (request(HOST + b"Expect: 100-continue\r\nExpect: 100-continue\r\n"), 400),
    "two Authorizations": (request(HOST + b"Authorization: a\r\nAuthorization: b\r\n"), 400),
    "two If-Modified-Since": (request(HOST + b"If-Modified-Since: a\r\nIf-Modified-Since: b\r\n"), 400),
}


BARE_LF: dict[str, bytes] = {
    "ends a field": b"POST /p HTTP/1.1\r\nHost: a\nContent-Length: 3\r\n\r\n",
    "ends the last field": b"POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 3\n\r\n",
    "ends the first line": b"POST /p HTTP/1.1\nHost: a\r\nContent-Length: 3\r\n\r\n",
    "ends every line": b"POST /p HTTP/1.1\nHost: a\nContent-Length: 3\n\n",
    "is the empty line": b"POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\n",
    "after an LF": b"POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 3\n\n",
    "before the request": b"\nPOST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n",
    "before the request, four times": b"\n" * 4 + b"POST /p HTTP/1.1\nHost: a\nContent-Length: 3\n\n",
    "before the request, mixed": b"\n\r\n\r\n\nPOST /p HTTP/1.1\r\nHost: a\nContent-Length: 3\n\r\n",
    "after white space": b"POST /p HTTP/1.1\nHost: a \nContent-Length:\t3 \t\n\n",
}


@pytest.mark.parametrize("case", BARE_LF)
def test_a_bare_lf_is_read_as_crlf(case: str) -> None:
    usual = parse(b"POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n")
    assert facts_of(parse(BARE_LF[case])) == facts_of(usual)


def test_a_bare_lf_after_an_absolute_target_and_an_empty_value() -> None:
    head = parse(b"GET http://b?q HTTP/1.1\nHost: a\r\nX:\nY: \n\n")
    assert (head.line, head.host, head.target) == (b"GET http://b?q HTTP/1.1", b"b", b"/?q")
    assert head.fields.pairs == ((b"host", b"Host", b"a"), (b"x", b"X", b""), (b"y", b"Y", b""))


LF_HEAD = b"GET / HTTP/1.1\nHost: a\n\n"


@pytest.mark.parametrize(
    ("head", "rest"),
    [
        (LF_HEAD, b"GET /x HTTP/1.1\r\nHost: b\r\n\r\n"),
        (b"GET / HTTP/1.1\r\nHost: a\n\r\n", b"GET /x HTTP/1.1\r\nHost: b\r\n\r\n"),
        (b"GET / HTTP/1.1\r\nHost: a\r\n\n", b"Content-Length: 5\r\n\r\n"),
        (b"GET / HTTP/1.1\r\nHost: a\r\n\n", b"\r\n"),
        (LF_HEAD, b"\n\n\n"),
        (b"\n\n" + LF_HEAD, b"\r\n\r\n"),
        (request(HOST), b"\nGET /x HTTP/1.1\nHost: b\n\n"),
        (b"POST / HTTP/1.1\nHost: a\nContent-Length: 2\n\n", b"\n\nX: 1\r\n\r\n"),
    ],
)
def test_the_first_empty_line_ends_the_head_whatever_the_line_ends(head: bytes, rest: bytes) -> None:
    expected = facts_of(parse(head))
    found, left = read([head + rest], RequestParser())
    assert (facts_of(found), left) == (expected, rest)
    for cut in range(1, len(head)):
        found, left = read([head[:cut], head[cut:] + rest], RequestParser())
        assert (facts_of(found), left) == (expected, rest)


@pytest.mark.parametrize("case", ACCEPTED)
def test_accepted(case: str) -> None:
    data, expected = ACCEPTED[case]
    facts = facts_of(parse(data))
    assert {name: facts[name] for name in expected} == expected


@pytest.mark.parametrize("case", REFUSED)
def test_refused_whole_and_byte_by_byte(case: str) -> None:
    data, status = REFUSED[case]
    parser = RequestParser()
    for pieces in ([data], byte_by_byte(data), [data]):
        error = refused(data, pieces, parser)
        assert error.status == status
        assert error.reason.startswith("client sent ")
        assert error.reason.isascii()
        assert error.reason.isprintable()


@pytest.mark.parametrize(
    "begin",
    [
        b"GET / HTTP/1.1\r\nX: a\rb",
        b"GET / HTTP/1.1\nX: a\n\rb",
        b"GET / HTTP/1.1\nX: a\r\r",
        b"GET /\r\n",
        b"GET /\n",
        b"GET / HTTP/1.1 \n",
        b"GET / HTTP/2.0\r\n",
        b"GET /\x00",
        b"get",
        b"\x16\x03\x01",
        b"\r\r",
        b"\n\r\r",
        b"\n" * 5,
    ],
)
def test_no_waiting_for_what_cannot_become_good(begin: bytes) -> None:
    with pytest.raises(BadMessage):
        RequestParser().check_unfinished(begin)


GOOD = [data for data, _ in ACCEPTED.values()] + list(BARE_LF.values())


@pytest.mark.parametrize("data", GOOD, ids=[*ACCEPTED, *(f"LF {case}" for case in BARE_LF)])
def test_every_beginning_of_a_good_head_is_waited_for(data: bytes) -> None:
    for end in range(len(data)):
        assert find_head_end(data[:end]) == -1
        RequestParser().check_unfinished(data[:end])


def test_the_head_ends_at_its_empty_line_and_the_rest_is_left() -> None:
    data = b"xx" + request(HOST) + request(HOST)
    end = find_head_end(data, 2)
    assert data[end:] == request(HOST)
    assert find_head_end(bytearray(data), end) == len(data)


def test_a_pipelined_request_after_empty_lines() -> None:
    data = request(HOST) + b"\r\n\r\n" + request(HOST, b"GET /2 HTTP/1.1")
    first = find_head_end(data)
    assert RequestParser().parse(data[first : find_head_end(data, first)]).target == b"/2"


def test_switches_for_odd_names() -> None:
    data = request(HOST + b"a_b: 1\r\nc.d: 2\r\n")

    def names(parser: RequestParser) -> list[bytes]:
        return [lower for lower, _, _ in parse(data, parser).fields.pairs]

    assert names(RequestParser()) == [b"host"]
    assert names(RequestParser(underscores_in_headers=True)) == [b"host", b"a_b"]
    assert names(RequestParser(ignore_invalid_headers=False)) == [b"host", b"a_b", b"c.d"]


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"GET /" + b"a" * 84 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 0),
        (b"GET /" + b"a" * 85 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
        (b"\r\n" * 4 + b"GET /" + b"a" * 84 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 0),
        (b"G" * 200, 414),
        (request(HOST + b"X: " + b"a" * 95 + b"\r\n"), 0),
        (request(HOST + b"X: " + b"a" * 96 + b"\r\n"), 494),
        (request(HOST + b"X: " + b"a" * 300), 494),
        (request(HOST + b"".join(b"X%d: %b\r\n" % (i, b"a" * 70) for i in range(6))), 494),
        (b"\nGET /" + b"a" * 85 + b" HTTP/1.1\nHost: a\nX: " + b"a" * 96 + b"\n\n", 0),
        (b"GET /" + b"a" * 86 + b" HTTP/1.1\nHost: a\n\n", 414),
        (b"GET / HTTP/1.1\nHost: a\nX: " + b"a" * 97 + b"\n\n", 494),
        (request(HOST + b"X:\n" * 9), 0),
        (request(HOST + b"X:\n" * 10), 494),
        (request(HOST + b"X:\r\n" * 9), 0),
        (request(HOST + b"X:\r\n" * 10), 494),
    ],
)
def test_limits(data: bytes, status: int) -> None:
    def parser() -> RequestParser:
        return RequestParser(HeadLimits(line=100, total=400, fields=10))

    if status:
        for pieces in ([data], byte_by_byte(data)):
            assert refused(data, pieces, parser()).status == status
    else:
        parse(data, parser())


def test_remembering_saves_the_parse_but_never_an_error() -> None:
    parser = RequestParser()
    first = parser.parse(request(HOST + b"X: 1\r\n"))
    again = parser.parse(request(HOST + b"X: 1\r\n", b"POST /other HTTP/1.1"), first)
    assert again.fields is first.fields
    assert again.target == b"/other"
    assert parser.parse(request(HOST + b"X: 2\r\n"), again).fields.get(b"x") == b"2"
    for line_end in (b"\r\n", b"\n", b"\r\n"):
        with pytest.raises(BadMessage):
            parser.parse(request(HOST + b"Content-Length: x" + line_end), again)


def test_a_large_section_is_not_kept() -> None:
    assert RequestParser().parse(request(HOST + b"X: " + b"x" * 4000 + b"\r\n")).section == b""


def test_remembered_fields_are_judged_anew_for_each_version() -> None:
    parser = RequestParser()
    chunked = HOST + b"Transfer-Encoding: chunked\r\n"
    assert parser.parse(request(chunked)).chunked
    with pytest.raises(BadMessage, match=r"HTTP/1\.0"):
        parser.parse(request(chunked, b"GET / HTTP/1.0"))
    assert parser.parse(request(b"X: 1\r\n", b"GET / HTTP/1.0")).host is None
    with pytest.raises(BadMessage, match="Host"):
        parser.parse(request(b"X: 1\r\n"))


def test_an_unreadable_head_keeps_its_line_and_method() -> None:
    head = unreadable_head(b"\r\nHEAD / HTTP/2.0\r\nHost: a")
    assert (head.line, head.method, head.keep_alive) == (b"HEAD / HTTP/2.0", b"HEAD", False)
    assert unreadable_head(b"\x16\x03").method == b""


def test_an_error_shows_what_was_sent_without_its_control_characters() -> None:
    error = refused(b"", [request(HOST + b'X\x1b[31m"\xe9: 1\r\n')])
    assert error.reason == 'client sent invalid header line: "X\\x1b[31m\\"\\xe9: 1"'
