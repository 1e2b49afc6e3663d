"""Heads that are read whole by the pattern of their names: it may find less than the grammar, never something else."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyproxy.core.message import RequestHead
from pyproxy.http1.head import HeadLimits, RequestParser, find_head_end
from pyproxy.http1.message import BadMessage
from pyproxy.http1.shape import Shape

OFTEN = 20

Pieces = tuple[bytes, bytes, bytes, bytes]

_LINES = st.lists(
    st.tuples(
        st.sampled_from([b"Host", b"X-a", b"x-A", b"Cookie", b"A_b", b"Content-Length", b"Connection", b"Upgrade"]),
        st.sampled_from([b": ", b": ", b": ", b":", b":  ", b":\t", b" : "]),
        st.sampled_from(
            [
                b"",
                b"a",
                b"a: b",
                b" a",
                b"a ",
                b"a\tb",
                b"\xff",
                b"\x00",
                b"\x7f",
                b"1",
                b"a\rb",
                b"a\nX-b: c",
                b"close",
            ]
        ),
        st.sampled_from([b"\r\n", b"\r\n", b"\r\n", b"\n", b"\r\n "]),
    ),
    max_size=4,
)
_REQUEST_LINES = st.sampled_from(
    [
        b"GET / HTTP/1.1\r\n",
        b"GET /a?b=c#d HTTP/1.1\r\n",
        b"POST /\xff HTTP/1.0\r\n",
        b"\r\nGET / HTTP/1.1\r\n",
        b"GET  / HTTP/1.1\r\n",
        b"GET http://b/ HTTP/1.1\r\n",
        b"GET / HTTP/1.1\n",
        b"CONNECT a:1 HTTP/1.1\r\n",
        b"get / HTTP/1.1\r\n",
    ]
)


def known(block: bytes) -> tuple[RequestParser, RequestHead | None]:
    """A parser to which these names have come often, and what it made of them."""
    parser, last = RequestParser(), None
    with suppress(BadMessage):
        for _ in range(OFTEN):
            last = parser.parse(block)
    return parser, last


@settings(max_examples=500)
@given(usual=_LINES, other=_LINES, line=_REQUEST_LINES, rest=st.sampled_from([b"", b"", b"body", b"\r\n"]))
def test_reads_as_the_grammar_does(usual: list[Pieces], other: list[Pieces], line: bytes, rest: bytes) -> None:
    parser, last = known(
        b"GET / HTTP/1.1\r\nHost: a\r\n" + b"".join(b"%b: 1\r\n" % name for name, *_ in usual) + b"\r\n"
    )
    if last is None:
        return
    for lines in (other, [(name, *pieces[1:]) for (name, *_), pieces in zip(usual, other, strict=False)]):
        data = line + b"Host: b\r\n" + b"".join(b"".join(pieces) for pieces in lines) + b"\r\n" + rest
        again = parser.parse_again(data, last)
        if again is not None:
            assert find_head_end(data) == len(data)
            assert facts(again) == facts(RequestParser().parse(data))


def facts(head: RequestHead) -> object:
    fields = head.fields
    read = [getattr(head, name) for name in RequestHead.__slots__ if name != "fields"]
    return read, fields.pairs, [getattr(fields.controls, name) for name in type(fields.controls).__slots__]


def test_a_head_with_the_same_names() -> None:
    parser, last = known(b"GET / HTTP/1.1\r\nHost: a\r\nCookie: 1\r\n\r\n")
    assert last is not None
    head = parser.parse_again(b"PUT /x?y HTTP/1.1\r\nHost: b\r\nCookie: 2; 3\r\n\r\n", last)
    assert head is not None
    assert (head.method, head.target, head.host, head.fields.get(b"cookie")) == (b"PUT", b"/x?y", b"b", b"2; 3")
    assert head.fields.names is last.fields.names


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GET / HTTP/1.1\r\nHost: b\r\n",
        b"GET / HTTP/1.1\r\nHost: b\r\n\r",
        b"GET / HTTP/1.1\r\nHost: b\r\n\r\nG",
        b"GET / HTTP/1.1\r\nHost: b\r\nX: 1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost:b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: \r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: b\nX: 1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: b\x00\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: b/c\r\n\r\n",
        b"GET http://b/ HTTP/1.1\r\nHost: b\r\n\r\n",
        b"\r\nGET / HTTP/1.1\r\nHost: b\r\n\r\n",
    ],
)
def test_anything_else_is_for_the_grammar(data: bytes) -> None:
    parser, last = known(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    assert last is not None
    assert parser.parse_again(data, last) is None


def test_a_head_over_the_limits_is_for_the_grammar_to_refuse() -> None:
    parser = RequestParser(HeadLimits(line=100, total=200))
    for _ in range(OFTEN):
        last = parser.parse(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    assert parser.parse_again(b"GET /%b HTTP/1.1\r\nHost: a\r\n\r\n" % (b"x" * 80), last) is None


def test_time_is_linear_for_any_input() -> None:
    shape = Shape((b"Host", b"X"))
    start = time.process_time()
    for hostile in (b" " * 300_000, b" x" * 150_000, b"\t" * 300_000, b"\r" * 300_000, b"x: " * 100_000):
        assert shape.read(b"GET / HTTP/1.1\r\nHost: " + hostile + b"\r\nX: " + hostile + b"\r\n\r") is None
    assert time.process_time() - start < 0.5  # milliseconds if linear, minutes if quadratic
