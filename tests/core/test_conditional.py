"""Conditional requests: dates in three forms, entity tags, and who is asked first."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyproxy.core.conditional import BEFORE, EXACT, NO_DATE, OFF, evaluate, parse_http_date
from pyproxy.core.dates import http_date
from pyproxy.core.message import Fields, Names

MODIFIED = 784_111_777
DATE = "Sun, 06 Nov 1994 08:49:37 GMT"
EARLIER = "Sun, 06 Nov 1994 08:49:36 GMT"
LATER = "Sun, 06 Nov 1994 08:49:38 GMT"
ETAG = b'"2ebcd0e1-a"'
SAME = ETAG.decode()


def fields(*lines: str) -> Fields:
    pairs = [line.partition(": ") for line in lines]
    return Fields(Names(tuple(name.encode() for name, _, _ in pairs)), tuple(value.encode() for _, _, value in pairs))


@pytest.mark.parametrize(
    "text",
    [
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        "Sun Nov 06 08:49:37 1994",
        "Xyz, 06 Nov 1994 08:49:37",
        ", 06 Nov 1994 08:49:37 GMT",
    ],
)
def test_forms_of_a_date(text: str) -> None:
    assert parse_http_date(text.encode()) == MODIFIED


@pytest.mark.parametrize(
    "text",
    [
        "",
        "today",
        "0",
        "Sun, 06 Nov 1994",
        "Sun, 06 Nov 94 08:49:37 GMT",
        "Sun, 06-Nov-1994 08:49:37 GMT",
        "Sun, 31 Feb 1994 08:49:37 GMT",
        "Sun, 29 Feb 1900 08:49:37 GMT",
        "Sun, 06 Foo 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:60:00 GMT",
        "Sun, 06 Nov 1994 08:49:60 GMT",
        "Sun, 06 Nov 0000 08:49:37 GMT",
        "06 Nov 1994 08:49:37 GMT",
        "Sun Nov  6 08:49:37 94",
        " " * 8000,
        "," * 8000,
    ],
)
def test_not_a_date(text: str) -> None:
    assert parse_http_date(text.encode()) == NO_DATE


@given(st.integers(0, 253_402_300_799))
def test_what_is_written_is_read_again(second: int) -> None:
    assert parse_http_date(http_date(second)) == second


@given(st.binary(max_size=60))
def test_any_bytes_are_a_date_or_none(value: bytes) -> None:
    assert isinstance(parse_http_date(value), int)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([], 200),
        ([f"If-Modified-Since: {DATE}"], 304),
        ([f"If-Modified-Since: {EARLIER}"], 200),
        ([f"If-Modified-Since: {LATER}"], 200),
        (["If-Modified-Since: nonsense"], 200),
        (["If-Modified-Since: "], 200),
        ([f"If-None-Match: {SAME}"], 304),
        ([f"If-None-Match: W/{SAME}"], 304),
        (["If-None-Match: *"], 304),
        ([f'If-None-Match: "a", W/"b",{SAME}'], 304),
        (['If-None-Match: "a"'], 200),
        ([f"If-None-Match: {SAME[1:-1]}"], 200),
        ([f"If-None-Match: {SAME}x"], 200),
        (["If-None-Match: "], 200),
        ([f"If-None-Match: {SAME}", f"If-Modified-Since: {EARLIER}"], 200),
        (['If-None-Match: "a"', f"If-Modified-Since: {DATE}"], 200),
        ([f"If-None-Match: {SAME}", f"If-Modified-Since: {DATE}"], 304),
        ([f"If-Match: {SAME}"], 200),
        ([f"If-Match: W/{SAME}"], 412),
        (['If-Match: "a"'], 412),
        (["If-Match: *"], 200),
        (["If-Match: "], 412),
        ([f'If-Match: "a" , {SAME}'], 200),
        ([f"If-Unmodified-Since: {DATE}"], 200),
        ([f"If-Unmodified-Since: {LATER}"], 200),
        ([f"If-Unmodified-Since: {EARLIER}"], 412),
        (["If-Unmodified-Since: nonsense"], 412),
        ([f"If-Match: {SAME}", f"If-None-Match: {SAME}"], 304),
        ([f"If-Match: {SAME}", f"If-Unmodified-Since: {EARLIER}"], 412),
    ],
)
def test_evaluate(lines: list[str], expected: int) -> None:
    assert evaluate(fields(*lines), ETAG, MODIFIED) == expected


@pytest.mark.parametrize(
    ("mode", "date", "expected"),
    [
        (EXACT, LATER, 200),
        (BEFORE, LATER, 304),
        (BEFORE, DATE, 304),
        (BEFORE, EARLIER, 200),
        (BEFORE, "nonsense", 200),
        (OFF, DATE, 200),
    ],
)
def test_if_modified_since_modes(mode: str, date: str, expected: int) -> None:
    assert evaluate(fields(f"If-Modified-Since: {date}"), ETAG, MODIFIED, mode) == expected


def test_without_an_entity_tag() -> None:
    assert evaluate(fields(f"If-None-Match: {SAME}"), None, MODIFIED) == 200
    assert evaluate(fields("If-None-Match: *"), None, MODIFIED) == 304
    assert evaluate(fields(f"If-Match: {SAME}"), None, MODIFIED) == 412
