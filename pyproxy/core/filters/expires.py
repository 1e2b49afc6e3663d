"""How long an answer stays fresh: what ``expires`` makes of times, for Expires and Cache-Control."""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import Enum

from pyproxy.config import values
from pyproxy.core.conditional import NO_DATE
from pyproxy.core.dates import http_date

DAY = 86400


class From(Enum):
    """What a time counts from."""

    NOW = "now"
    MODIFIED = "the answer's Last-Modified"
    MIDNIGHT = "midnight: the next such moment"


@dataclass(frozen=True, slots=True)
class Expires:
    """One value of the directive, in seconds; ``fixed`` where the fields are always the same."""

    seconds: int = 0
    since: From = From.NOW
    fixed: tuple[bytes, bytes] | None = None

    def fields(self, modified: int) -> tuple[bytes, bytes]:
        """The values of Expires and Cache-Control for an answer modified then (NO_DATE if that is not known)."""
        if self.fixed is not None:
            return self.fixed
        now = int(time.time())
        if self.since is From.MIDNIGHT:
            until = _next(self.seconds, now)
        elif self.since is From.MODIFIED and modified != NO_DATE and self.seconds:
            until = modified + self.seconds
        else:
            until = now + self.seconds
        fresh = until - now
        if self.seconds < 0 or fresh < 0:
            return http_date(until), b"no-cache"
        return http_date(until), b"max-age=%d" % fresh


EPOCH = Expires(fixed=(b"Thu, 01 Jan 1970 00:00:01 GMT", b"no-cache"))
MAX = Expires(fixed=(b"Thu, 31 Dec 2037 23:55:55 GMT", b"max-age=315360000"))


def parse_expires(text: str, modified: bool = False) -> Expires | None:
    """Read a value, None for ``off``; ``modified``: it counts from Last-Modified. Raises ValueError."""
    if not modified:
        if text == "off":
            return None
        if text in ("epoch", "max"):
            return EPOCH if text == "epoch" else MAX
    sign, rest = text[:1], text[1:]
    if sign == "@":
        if modified:
            raise ValueError('a time of the day cannot be used with "modified"')
        seconds = values.seconds(rest)
        if seconds > DAY:
            raise ValueError(f'invalid time of the day "{text}", it must be less than 24 hours')
        return Expires(seconds, From.MIDNIGHT)
    seconds = values.seconds(rest if sign in ("+", "-") else text)
    return Expires(-seconds if sign == "-" else seconds, From.MODIFIED if modified else From.NOW)


def _next(moment: int, now: int) -> int:
    """The next time that the local clock shows ``moment`` seconds after midnight."""
    today = time.localtime(now)
    hours, rest = divmod(moment, 3600)
    for day in (today.tm_mday, today.tm_mday + 1):
        until = int(time.mktime((today.tm_year, today.tm_mon, day, hours, rest // 60, rest % 60, 0, 0, -1)))
        if until > now:
            return until
    return until
