"""The Host field and the authority of an absolute-form target, read as nginx's `$host` (RFC 9110, 7.2)."""

from __future__ import annotations

import re
from functools import lru_cache

# The characters are nginx's: RFC 3986's reg-name or bracketed literal; two dots in a row never name a host.
_HOST = re.compile(
    rb"((?!.*\.\.)(?:[A-Za-z0-9\-._~!$&'()*+,;=%]+|\[[A-Za-z0-9\-._~!$&'()*+,;=:]+\]))(?::([0-9]*))?",
).fullmatch


@lru_cache(maxsize=256)
def split_host(value: bytes) -> tuple[bytes, int | None] | None:
    """The name in lower case without a final dot, brackets kept, and the port (None without one).

    None if `value` is not a host: empty, a strange character, two dots in a row, or a port above 65535.
    """
    match = _HOST(value)
    if match is None:
        return None
    name, digits = match.groups()
    port = int(digits) if digits and len(digits) <= 20 else None
    if digits and (port is None or port > 65535):
        return None
    name = name.lower().removesuffix(b".")
    return (name, port) if name else None
