"""What an upstream's answer asks of us: X-Accel-Redirect, -Limit-Rate, -Buffering and -Charset."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyproxy.core import phases
from pyproxy.core.logs.log import ERROR
from pyproxy.core.request import Request
from pyproxy.core.response import Field, Response
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

    def __init__(self, ignored: frozenset[str]) -> None:
        self._ignored = frozenset(name.lower().encode() for name in ignored)

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
    request.carried = Carried(request, carried)
    if target.startswith(b"@"):
        phases.named_location(request, target[1:].decode("utf-8", "surrogateescape"))
        return
    try:
        uri, args = split_unsafe(target)
    except BadURI:
        shown = target.decode("utf-8", "backslashreplace")
        request.complain(ERROR, f'unsafe URI "{shown}" was detected while reading response header from upstream')
        phases.finalize(request, 404)
        return
    if request.method != b"HEAD":
        request.method = b"GET"
    phases.internal_redirect(request, uri, args)


class Carried:
    """Fields of an answer that has led elsewhere: the final one begins with them."""

    def __init__(self, request: Request, fields: list[Field]) -> None:
        self._fields = fields
        self._exchange = request.upstream

    def enter(self, request: Request, response: Response) -> None:
        """Put them before the response's own; the type in its place, unless an error or another server has its own."""
        fields = self._fields
        if request.error_status:
            fields = _without(fields, b"content-type", b"accept-ranges")
        elif request.upstream is not self._exchange and response.get(b"content-type") is not None:
            fields = _without(fields, b"content-type")
        if any(name.lower() == b"content-type" for name, _ in fields):
            response.remove(b"content-type")
        response.fields[:0] = fields


def _without(fields: list[Field], *names: bytes) -> list[Field]:
    return [field for field in fields if field[0].lower() not in names]
