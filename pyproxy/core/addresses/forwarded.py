"""A client behind proxies: whom X-Forwarded-For and its like pass a request on for."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pyproxy.core.addresses.networks import canonical
from pyproxy.core.around import StreamAround
from pyproxy.core.stream import Stream

Forwarded = tuple[bytes, int]
"""An address, and its port: 0 where none is said."""


class RealClient(StreamAround):
    """The stream of a request whose client is not the one that has connected."""

    def __init__(self, inner: Stream, client: Forwarded) -> None:
        super().__init__(inner)
        self.remote_addr, self.remote_port = client


def forwarded(
    address: bytes, fields: Sequence[bytes], is_trusted: Callable[[bytes], bool], recursive: bool
) -> Forwarded | None:
    """Whom ``address``, who sent the request, names in the last word of ``fields``, if it is trusted; else None.

    ``recursive``: and whom that one names in the word before, while each is trusted (ngx_http_get_forwarded_addr).
    """
    found: Forwarded | None = None
    words = [word for field in fields for word in field.replace(b",", b" ").split(b" ") if word]
    for word in reversed(words):
        if not is_trusted(address) or (named := _address_and_port(word)) is None:
            break
        found = named
        address = named[0]
        if not recursive:
            break
    return found


def _address_and_port(word: bytes) -> Forwarded | None:
    """``192.0.2.1``, ``192.0.2.1:80``, ``2001:db8::1`` or ``[2001:db8::1]:80``."""
    host, port = word, b""
    if word.startswith(b"["):
        host, bracket, port = word[1:].partition(b"]")
        if not bracket or (port and not port.startswith(b":")):
            return None
        port = port[1:]
    elif word.count(b":") == 1:
        host, _, port = word.partition(b":")
        if not port:
            return None
    if port and not (port.isdigit() and 1 <= int(port) <= 65535):
        return None
    shown = canonical(host)
    return None if shown is None else (shown, int(port or 0))
