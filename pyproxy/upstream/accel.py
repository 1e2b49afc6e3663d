"""What an upstream's answer asks of us: X-Accel-Redirect, -Limit-Rate, -Buffering and -Charset."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING

from pyproxy.core import phases
from pyproxy.core.around import StreamAround
from pyproxy.core.request import Field, Request, Response
from pyproxy.core.throttle import throttle
from pyproxy.core.uri import BadURI, split_unsafe

if TYPE_CHECKING:
    from pyproxy.core.message import Fields
    from pyproxy.upstream.exchange import Exchange

CARRIED = frozenset(
    {b"content-type", b"set-cookie", b"content-disposition", b"cache-control", b"expires", b"accept-ranges"}
)
"""Fields of an answer with X-Accel-Redirect that the final answer gets."""


class Accel:
    """Obeys the fields of one location's answers, but those of ``proxy_ignore_headers``."""

    def __init__(self, ignored: frozenset[bytes]) -> None:
        self._ignored = ignored

    def _value(self, fields: Fields, name: bytes) -> bytes | None:
        return None if name in self._ignored else fields.get(name)

    def charset(self, fields: Fields) -> bytes | None:
        """The charset that the answer wants to have."""
        return self._value(fields, b"x-accel-charset")

    def obey(self, request: Request, exchange: Exchange, fields: Fields) -> bytes | None:
        """Do what the fields say of the way of the answer. Returns where the request is sent instead, if it is."""
        rate = self._value(fields, b"x-accel-limit-rate")
        if rate is not None and rate.isdigit():
            throttle(request, int(rate))
        buffering = (self._value(fields, b"x-accel-buffering") or b"").lower()
        if buffering in (b"yes", b"no"):
            exchange.note().buffering = buffering == b"yes"
        return self._value(fields, b"x-accel-redirect")


def redirect(request: Request, target: bytes, carried: list[Field]) -> None:
    """Send the request where X-Accel-Redirect says: a path, or a named location. Its exchange is over."""
    request.stream = _Carrier(request, carried)
    if target.startswith(b"@"):
        phases.named_location(request, target[1:].decode("utf-8", "surrogateescape"))
        return
    try:
        uri, args = split_unsafe(target)
    except BadURI:
        phases.finalize(request, 404)
        return
    if request.method != b"HEAD":
        request.method = b"GET"
    phases.internal_redirect(request, uri, args)


class _Carrier(StreamAround):
    """Adds the fields of an earlier answer to the final one."""

    def __init__(self, request: Request, carried: list[Field]) -> None:
        super().__init__(request.stream)
        self._carried = carried
        self._exchange = request.upstream

    def start(self, request: Request, response: Response, data: bytes, last: bool) -> None:
        """Send the head with the fields added; its type too, unless an error or another server has its own."""
        fields = self._carried
        if request.error_status or request.upstream is not self._exchange:
            fields = [field for field in fields if field[0].lower() != b"content-type"]
        names = {name.lower() for name, _ in fields} - {b"set-cookie"}
        kept = [field for field in response.fields if field[0].lower() not in names]
        final = copy(response)
        final.fields, final.shared, final.block_second = kept + fields, False, 0
        super().start(request, final, data, last)
