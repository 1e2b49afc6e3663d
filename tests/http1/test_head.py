from __future__ import annotations

from collections.abc import Iterable

import pytest

from pyproxy.core.message import RequestHead
from pyproxy.http1.head import HeadLimits, RequestParser, find_head_end, unreadable_head
from pyproxy.http1.message import BadMessage

from .pieces import byte_by_byte, read
from .request_heads import ACCEPTED, BARE_LF, HOST, REFUSED, request


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
