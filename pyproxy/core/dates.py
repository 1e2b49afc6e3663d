"""Times as HTTP and the logs write them, made once a second. strftime's names follow the locale; these must not."""

from __future__ import annotations

import time
from functools import lru_cache

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@lru_cache(256)
def http_date(second: int) -> bytes:
    """An RFC 9110 date for whole seconds since the epoch: ``Sun, 22 Nov 2026 10:00:00 GMT``."""
    now = time.gmtime(second)
    return (
        f"{_DAYS[now.tm_wday]}, {now.tm_mday:02} {_MONTHS[now.tm_mon - 1]} {now.tm_year} "
        f"{now.tm_hour:02}:{now.tm_min:02}:{now.tm_sec:02} GMT"
    ).encode()


def cookie_date(second: int) -> bytes:
    """As nginx writes it into cookies: ``Sun, 22-Nov-26 10:00:00 GMT``, four digits after 2037."""
    now = time.gmtime(second)
    year = now.tm_year if now.tm_year > 2037 else f"{now.tm_year % 100:02}"
    return (
        f"{_DAYS[now.tm_wday]}, {now.tm_mday:02}-{_MONTHS[now.tm_mon - 1]}-{year} "
        f"{now.tm_hour:02}:{now.tm_min:02}:{now.tm_sec:02} GMT"
    ).encode()


@lru_cache(4)
def log_time(second: int) -> bytes:
    """``$time_local``: ``22/Nov/2026:10:00:00 +0000``."""
    now = time.localtime(second)
    return f"{now.tm_mday:02}/{_MONTHS[now.tm_mon - 1]}/{now.tm_year}:{time.strftime('%H:%M:%S %z', now)}".encode()


@lru_cache(4)
def iso_time(second: int) -> bytes:
    """``$time_iso8601``: ``2026-11-22T10:00:00+00:00``."""
    now = time.localtime(second)
    zone = time.strftime("%z", now)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', now)}{zone[:3]}:{zone[3:]}".encode()


@lru_cache(4)
def syslog_time(second: int) -> bytes:
    """RFC 3164's TIMESTAMP, in local time: ``Nov  2 10:00:00``."""
    now = time.localtime(second)
    return f"{_MONTHS[now.tm_mon - 1]} {now.tm_mday:2} {now.tm_hour:02}:{now.tm_min:02}:{now.tm_sec:02}".encode()
