"""Which content codings a client may be sent: what it accepts (RFC 9110, 12.5.3) and what nginx makes of proxies."""

from __future__ import annotations

import re
import time
from functools import lru_cache
from typing import TYPE_CHECKING

from pyproxy.core.conditional import NO_DATE, parse_http_date

if TYPE_CHECKING:
    from pyproxy.core.request import Request
    from pyproxy.core.response import Response

PROXIED = ("off", "expired", "no-cache", "no-store", "private", "no_last_modified", "no_etag", "auth", "any")
"""The values of ``gzip_proxied``."""

VARY = (b"Vary", b"Accept-Encoding")

_QUALITY = re.compile(rb"([01])(?:\.([0-9]{0,3}))?(?: |\Z)")


@lru_cache(256)
def accepts(value: bytes, coding: bytes) -> bool:
    """Whether an Accept-Encoding names that coding, as nginx reads it: the first mention counts, ``*`` does not."""
    for match in re.finditer(rb"(?:(?<=[, ])|\A)" + coding, value, re.IGNORECASE):
        return _weight(value[match.end() :])
    return False


def _weight(rest: bytes) -> bool:
    parameters, _, _ = rest.partition(b",")
    before, semicolon, weight = parameters.partition(b";")
    if before.strip(b" "):
        return False
    if not semicolon:
        return True
    name, equals, number = weight.partition(b"=")
    if name.strip(b" ").lower() != b"q" or name != name.rstrip(b" "):
        return not weight.strip(b" ")
    match = _QUALITY.match(number)
    if not equals or match is None:
        return False
    return 0 < int(match[1]) * 1000 + int((match[2] or b"").ljust(3, b"0")) <= 1000


class Encodings:
    """One location's ``gzip_vary``, ``gzip_http_version``, ``gzip_proxied`` and ``gzip_disable``."""

    def __init__(
        self, varies: bool, http_version: int, proxied: frozenset[str], disable: tuple[re.Pattern[bytes], ...]
    ) -> None:
        self.varies = varies
        """Whether answers say so that depend on what the client accepts."""
        self._http_version = http_version
        self._proxied = proxied
        self._disable = disable

    def vary(self, response: Response) -> None:
        """Say that an answer could have had another coding."""
        if self.varies and VARY not in response.fields:
            response.fields.insert(0, VARY)

    def may_gzip(self, request: Request, response: Response) -> bool:
        """Whether the client of this request can have gzip (ngx_http_gzip_ok)."""
        if not request.is_main:
            return False
        get = request.head.fields.get
        accepted = get(b"accept-encoding")
        if accepted is None or not accepts(accepted, b"gzip"):
            return False
        if request.head.version < self._http_version:
            return False
        if get(b"via") is not None and not self._may_through_proxy(request, response):
            return False
        agent = get(b"user-agent")
        return agent is None or not any(pattern.search(agent) for pattern in self._disable)

    def _may_through_proxy(self, request: Request, response: Response) -> bool:
        proxied = self._proxied
        if "off" in proxied:
            return False
        if "any" in proxied or ("auth" in proxied and request.head.fields.get(b"authorization") is not None):
            return True
        expires = response.get(b"expires")
        if expires is not None:
            now = int(time.time()) if response.date is None else parse_http_date(response.date)
            until = parse_http_date(expires)
            return "expired" in proxied and NO_DATE not in (until, now) and until < now
        control = response.get(b"cache-control")
        if control is not None:
            said = {part.strip(b" ").lower().decode("latin-1") for part in control.split(b",")}
            return bool(said & proxied & {"no-cache", "no-store", "private"})
        # nginx knows an upstream's Last-Modified by now, but not yet that of a file of its own
        upstream = response.disable_not_modified
        if "no_last_modified" in proxied and upstream and response.get(b"last-modified") is not None:
            return False
        return not ("no_etag" in proxied and response.get(b"etag") is not None)
