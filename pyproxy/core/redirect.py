"""``Location`` values as nginx writes them: absolute, with the host that the client asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyproxy.core.browsers import msie

if TYPE_CHECKING:
    from pyproxy.core.request import Request
    from pyproxy.core.response import Field

DEFAULT_PORTS = {b"http": 80, b"https": 443}


def absolute(request: Request, target: bytes) -> bytes:
    """Make ``/path`` a URL, unless ``absolute_redirect off`` or it is one already."""
    location = request.location
    if not location.absolute_redirect or not target.startswith(b"/"):
        return target
    stream = request.stream
    host = request.server.name if location.server_name_in_redirect else request.head.host or stream.local_addr
    port = stream.local_port if location.port_in_redirect else 0
    suffix = b":%d" % port if port and port != DEFAULT_PORTS.get(stream.scheme) else b""
    return stream.scheme + b"://" + host + suffix + target


def location_field(request: Request, status: int, target: bytes) -> Field:
    """What an answer with ``status`` has to say of its target."""
    return b"Location", target if refreshes(request, status) else absolute(request, target)


def refreshes(request: Request, status: int) -> bool:
    """Whether a page takes the place of a redirect (``msie_refresh``)."""
    return status in (301, 302) and request.location.msie_refresh and msie(request.head)
