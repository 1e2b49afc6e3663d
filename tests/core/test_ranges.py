"""Range requests: the grammar, the bounds, and when the whole file is the better answer."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyproxy.core.conditional import parse_http_date
from pyproxy.core.message import Fields, Names
from pyproxy.core.ranges import NotSatisfiable, parse_ranges, requested_ranges

DATE = "Sun, 06 Nov 1994 08:49:37 GMT"
MODIFIED = parse_http_date(DATE.encode())


def of_ten(text: str, max_ranges: int = 2**31 - 1) -> list[tuple[int, int]] | None:
    return parse_ranges(text.encode(), 10, max_ranges)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0-3", [(0, 4)]),
        ("4-4", [(4, 5)]),
        ("7-", [(7, 10)]),
        ("0-", [(0, 10)]),
        ("5-999", [(5, 10)]),
        ("9-9223372036854775807", [(9, 10)]),
        ("-3", [(7, 10)]),
        ("-10", [(0, 10)]),
        ("-99", [(0, 10)]),
        (" 0 - 1 , 8 - 9 ", [(0, 2), (8, 10)]),
        ("0-0,2-3,-1", [(0, 1), (2, 4), (9, 10)]),
        ("8-9,0-1", [(8, 10), (0, 2)]),
        ("0-1,20-30", [(0, 2)]),
        ("5-3,0-1", [(0, 2)]),
        ("00000000000000000-1", [(0, 2)]),
    ],
)
def test_ranges(text: str, expected: list[tuple[int, int]]) -> None:
    assert of_ten(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "10-",
        "10-20",
        "5-3",
        "-0",
        "-",
        "",
        ",",
        "a-b",
        "1",
        "1-2-3",
        "1-2;3-4",
        "0-1,",
        "0-1,,3-4",
        ",0-1",
        "- 3",
        "+1-2",
        "0x1-2",
        "0-\t1",
        "0-99999999999999999999",
        "9223372036854775808-",
        "-" + "9" * 8000,
        "20-30,40-50",
    ],
)
def test_not_satisfiable(text: str) -> None:
    with pytest.raises(NotSatisfiable):
        of_ten(text)


@pytest.mark.parametrize("text", ["0-5,3-9", "0-9,0-9", "0-,0-", "-10,-1"])
def test_more_than_the_file(text: str) -> None:
    assert of_ten(text) is None


def test_an_empty_file_has_no_ranges() -> None:
    assert parse_ranges(b"0-0", 0) is None
    assert parse_ranges(b"-5", 0) is None
    with pytest.raises(NotSatisfiable):
        parse_ranges(b"1-", 0)


def test_max_ranges() -> None:
    assert of_ten("0-0,1-1", 2) == [(0, 1), (1, 2)]
    assert of_ten("0-0,1-1,2-2", 2) is None
    assert of_ten("0-0", 1) == [(0, 1)]
    assert of_ten("0-0,20-30", 1) == [(0, 1)]


def test_many_small_ranges_cost_more_than_the_file() -> None:
    text = ",".join(f"{start}-{start}" for start in range(17))
    assert parse_ranges(text.encode(), 20) is None
    assert parse_ranges(text.encode(), 20, 1000) is not None


@pytest.mark.parametrize("text", ["0-" + " " * 100_000 + "x", " " * 100_000, "1" * 100_000, "0-0," * 8000])
def test_time_is_linear(text: str) -> None:
    begin = time.process_time()
    with pytest.raises(NotSatisfiable):
        of_ten(text)
    assert time.process_time() - begin < 1


@given(st.text("0123456789-, ", max_size=40), st.integers(0, 50))
def test_ranges_lie_in_the_file(text: str, length: int) -> None:
    try:
        ranges = parse_ranges(text.encode(), length)
    except NotSatisfiable:
        return
    for start, end in ranges or ():
        assert 0 <= start < end <= length
    assert sum(end - start for start, end in ranges or ()) <= length


def requested(*lines: str, max_ranges: int = 100, etag: bytes | None = b'"e"') -> list[tuple[int, int]] | None:
    pairs = [line.partition(": ") for line in lines]
    fields = Fields(Names(tuple(name.encode() for name, _, _ in pairs)), tuple(value.encode() for _, _, value in pairs))
    return requested_ranges(fields, 10, etag, MODIFIED, max_ranges)


@pytest.mark.parametrize("value", ["bytes=0-1", "BYTES=0-1", "bytes= 0-1"])
def test_units(value: str) -> None:
    assert requested(f"Range: {value}") == [(0, 2)]


@pytest.mark.parametrize("value", ["lines=0-1", "0-1", "bytes", "bytes=", "bytes 0-1", ""])
def test_other_units(value: str) -> None:
    assert requested(f"Range: {value}") is None


def test_no_ranges_at_all() -> None:
    assert requested("Host: a") is None
    assert requested("Range: bytes=0-1", max_ranges=0) is None
    assert requested("Range: bytes=99-", max_ranges=0) is None


@pytest.mark.parametrize(
    ("condition", "applies"),
    [
        ('"e"', True),
        ('"f"', False),
        ('W/"e"', False),
        (DATE, True),
        ("Sun, 06 Nov 1994 08:49:36 GMT", False),
        ("Sun, 06 Nov 1994 08:49:38 GMT", False),
        ("nonsense", False),
        ("", False),
    ],
)
def test_if_range(condition: str, applies: bool) -> None:
    assert (requested("Range: bytes=0-1", f"If-Range: {condition}") == [(0, 2)]) is applies


def test_if_range_without_entity_tags() -> None:
    assert requested("Range: bytes=0-1", 'If-Range: "e"', etag=None) is None
