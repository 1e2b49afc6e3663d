"""``Location`` values as nginx writes them: absolute, with the host that the client asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyproxy.core.request import Request

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
