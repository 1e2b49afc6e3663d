"""Dates in HTTP and in logs."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from pyproxy.core import dates


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """A time zone set in TZ counts for this test alone."""
    yield monkeypatch
    monkeypatch.undo()
    time.tzset()
    forget()


def forget() -> None:
    dates.log_time.cache_clear()
    dates.iso_time.cache_clear()


@pytest.mark.parametrize(
    ("second", "text"),
    [
        (0, b"Thu, 01 Jan 1970 00:00:00 GMT"),
        (784111777, b"Sun, 06 Nov 1994 08:49:37 GMT"),
        (1709164800, b"Thu, 29 Feb 2024 00:00:00 GMT"),
    ],
)
def test_http_date(second: int, text: bytes) -> None:
    assert dates.http_date(second) == text


@pytest.mark.parametrize(
    ("name", "log", "iso"),
    [
        ("UTC0", b"06/Nov/1994:08:49:37 +0000", b"1994-11-06T08:49:37+00:00"),
        ("XXX-5:30", b"06/Nov/1994:14:19:37 +0530", b"1994-11-06T14:19:37+05:30"),
        ("XXX+10", b"05/Nov/1994:22:49:37 -1000", b"1994-11-05T22:49:37-10:00"),
    ],
)
def test_local_times(zone: pytest.MonkeyPatch, name: str, log: bytes, iso: bytes) -> None:
    zone.setenv("TZ", name)
    time.tzset()
    forget()
    assert (dates.log_time(784111777), dates.iso_time(784111777)) == (log, iso)
