"""What a client keeps for a site, as its Cookie fields bring it (RFC 6265, 4.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyproxy.core.message import Fields


def find_cookie(fields: Fields, name: bytes) -> bytes | None:
    """The value of the first cookie of that lower-case name; nginx does not tell names apart by their case."""
    for line in fields.get_all(b"cookie"):
        for pair in line.split(b";"):
            key, equals, value = pair.partition(b"=")
            if equals and key.strip(b" ").lower() == name:
                return value.lstrip(b" ")
    return None
