"""Times of ``expires``."""

from __future__ import annotations

import time

import pytest

from pyproxy.core.conditional import NO_DATE, parse_http_date
from pyproxy.core.filters.expires import parse_expires


def times(text: str, modified: int = NO_DATE, since: bool = False) -> tuple[int, str]:
    """Seconds from now, to the second before or after, and Cache-Control."""
    expires = parse_expires(text, since)
    assert expires is not None
    until, control = expires.fields(modified)
    return parse_http_date(until) - int(time.time()), control.decode()


@pytest.mark.parametrize(
    ("text", "seconds", "control"),
    [("0", 0, "max-age=0"), ("1h30m", 5400, "max-age=5400"), ("+1d", 86400, "max-age=86400"), ("-1", -1, "no-cache")],
)
def test_from_now(text: str, seconds: int, control: str) -> None:
    found, said = times(text)
    assert abs(found - seconds) <= 1
    assert said == control


def test_from_the_answers_own_time() -> None:
    now = int(time.time())
    found, control = times("1h", now - 600, since=True)
    assert abs(found - 3000) <= 1
    assert abs(int(control.removeprefix("max-age=")) - 3000) <= 1
    assert times("1h", now - 7200, since=True)[1] == "no-cache"
    assert times("1h", NO_DATE, since=True)[1] == "max-age=3600"


@pytest.mark.parametrize("text", ["@0", "@1", "@12h", "@15h30m", "@23h59m59s", "@24h"])
def test_of_the_day(text: str) -> None:
    found, control = times(text)
    assert 0 <= found <= 86400 + 3600
    assert abs(int(control.removeprefix("max-age=")) - found) <= 1


def test_words() -> None:
    assert parse_expires("off") is None
    assert times("epoch")[1] == "no-cache"
    assert times("max")[1] == "max-age=315360000"


@pytest.mark.parametrize(
    ("text", "since"), [("", False), ("x", False), ("@25h", False), ("@1h", True), ("off", True), ("--1", False)]
)
def test_what_is_no_time(text: str, since: bool) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        parse_expires(text, since)
