"""Response heads as bytes. What is sent is always written anew from the parsed form."""

from __future__ import annotations

from functools import lru_cache

from pyproxy.core.dates import http_date
from pyproxy.core.response import Response
from pyproxy.http1.status import status_line

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
EARLY_HINTS = b"HTTP/1.1 103 Early Hints\r\n"
KEEP_ALIVE = b"Connection: keep-alive\r\n"
CLOSE = b"Connection: close\r\n"
UPGRADE = b"Connection: upgrade\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"


@lru_cache(8)
def _server_and_date(server: bytes, second: int) -> bytes:
    return b"Server: %b\r\nDate: %b\r\n" % (server, http_date(second))


def response_block(response: Response, server: bytes, second: int, connection: bytes) -> bytes:
    """The whole head with its empty line. ``connection`` holds the framing lines that are the connection's to say."""
    if response.reason:
        first = b"HTTP/1.1 %d %b\r\n" % (response.status, response.reason)
    else:
        first = status_line(response.status)
    if response.server is None and response.date is None:
        identity = _server_and_date(server, second)
    else:
        server = server if response.server is None else response.server
        date = http_date(second) if response.date is None else response.date
        identity = (b"Server: %b\r\n" % server if server else b"") + (b"Date: %b\r\n" % date if date else b"")
    lines = [first, identity]
    lines += [b"%b: %b\r\n" % field for field in response.fields]
    if response.length is not None:
        lines.append(b"Content-Length: %d\r\n" % response.length)
    lines.append(connection)
    lines.append(b"\r\n")
    return b"".join(lines)
