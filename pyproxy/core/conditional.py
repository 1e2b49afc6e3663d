"""Conditional requests (RFC 9110, 13): whether what the client has, or expects, is what is here."""

from __future__ import annotations

import re
from calendar import timegm
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyproxy.core.message import Fields

EXACT, BEFORE, OFF = "exact", "before", "off"
MODES = (EXACT, BEFORE, OFF)
"""The values of ``if_modified_since``."""

OK, NOT_MODIFIED, PRECONDITION_FAILED = 200, 304, 412
NO_DATE = -1

_MONTHS = {name: month for month, name in enumerate(b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), 1)}
_TIME = rb"([0-9]{2}):([0-9]{2}):([0-9]{2})"
# RFC 9110, 5.6.7. What stands for the weekday, or after the date, does not matter to nginx either.
_FIXED = re.compile(rb"[^, ]*, *+([0-9]{2}) ([A-Z][a-z]{2}) ([0-9]{4}) " + _TIME)
_RFC850 = re.compile(rb"[^, ]*, *+([0-9]{2})-([A-Z][a-z]{2})-([0-9]{2}) " + _TIME)
_ASCTIME = re.compile(rb"[^, ]* ++([A-Z][a-z]{2})  ?([0-9]{1,2}) " + _TIME + rb" ([0-9]{4})")


@lru_cache(256)
def parse_http_date(value: bytes) -> int:
    """Seconds since the epoch, from any of HTTP's three forms; NO_DATE for anything else."""
    if match := _FIXED.match(value) or _RFC850.match(value):
        day, name, year, hour, minute, second = match.groups()
    elif match := _ASCTIME.match(value):
        name, day, hour, minute, second, year = match.groups()
    else:
        return NO_DATE
    number = int(year)
    if len(year) == 2:
        number += 2000 if number < 70 else 1900
    try:
        moment = datetime(number, _MONTHS.get(name, 0), int(day), int(hour), int(minute), int(second))
    except ValueError:
        return NO_DATE
    return timegm(moment.timetuple())


def evaluate(fields: Fields, etag: bytes | None, modified: int, mode: str = EXACT) -> int:
    """OK, NOT_MODIFIED or PRECONDITION_FAILED, for an entity tag (None without) and a time in seconds since the epoch
    (NO_DATE without).

    In nginx's order: preconditions first, and where both validators are sent, both must say "not modified".
    """
    value = fields.get(b"if-unmodified-since")
    if value is not None and (modified == NO_DATE or parse_http_date(value) < modified):
        return PRECONDITION_FAILED
    value = fields.get(b"if-match")
    if value is not None and not _lists(value, etag, weak=False):
        return PRECONDITION_FAILED
    since = fields.get(b"if-modified-since")
    tags = fields.get(b"if-none-match")
    if since is None and tags is None:
        return OK
    if since is not None and _modified_since(since, modified, mode):
        return OK
    if tags is not None and not _lists(tags, etag, weak=True):
        return OK
    return NOT_MODIFIED


def _modified_since(value: bytes, modified: int, mode: str) -> bool:
    if mode == OFF or modified == NO_DATE:
        return True
    since = parse_http_date(value)
    return since != modified and (mode == EXACT or since < modified)


def _lists(value: bytes, etag: bytes | None, weak: bool) -> bool:
    """Whether a list of entity tags has this one; ``weak`` (RFC 9110, 8.8.3.2): ``W/"a"`` is as good as ``"a"``."""
    if value == b"*":
        return True
    if etag is None:
        return False
    if weak:
        etag = etag.removeprefix(b"W/")
    for listed in value.split(b","):
        tag = listed.strip(b" \t")
        if (tag.removeprefix(b"W/") if weak else tag) == etag:
            return True
    return False
