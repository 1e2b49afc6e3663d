"""Name and password of HTTP's Basic scheme (RFC 7617)."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyproxy.core.request import Request


CREDENTIALS = frozenset({b"authorization", b"proxy-authorization"})
"""The fields that may bring them."""


def basic_credentials(request: Request) -> tuple[bytes, bytes] | None:
    """What the request's Authorization says, believed or not; None without a name, or where it cannot be read.

    Of CONNECT it is Proxy-Authorization: the other one is for the server at the tunnel's end (RFC 9110, 11.7).
    """
    field = b"proxy-authorization" if request.method == b"CONNECT" else b"authorization"
    value = request.route.head.fields.get(field)
    if value is None or value[:6].lower() != b"basic ":
        return None
    # as nginx: the padding may be missing, and what comes after it is not looked at
    encoded = value[6:].strip(b" ").partition(b"=")[0]
    try:
        decoded = base64.b64decode(encoded + b"=" * (-len(encoded) % 4), validate=True)
    except binascii.Error:
        return None
    name, colon, password = decoded.partition(b":")
    return (name, password) if name and colon else None
