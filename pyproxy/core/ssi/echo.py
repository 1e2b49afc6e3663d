"""How values are written into a page: encodings, and the time."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

TIME_FORMAT = b"%A, %d-%b-%Y %H:%M:%S %Z"

_IN_URL = re.compile(rb"[\x00-\x20\"#%'<>\\^`{|}\x7f-\xff]")
_ENTITIES = {b"&": b"&amp;", b"<": b"&lt;", b">": b"&gt;", b'"': b"&quot;"}
_IN_HTML = re.compile(rb"[&<>\"]")
ENCODINGS: dict[bytes, Callable[[bytes], bytes]] = {
    b"none": lambda value: value,
    b"url": lambda value: _IN_URL.sub(lambda match: b"%%%02X" % match[0][0], value),
    b"entity": lambda value: _IN_HTML.sub(lambda match: _ENTITIES[match[0]], value),
}


def date(time_format: bytes, gmt: bool) -> bytes:
    """The time of now, as strftime writes it."""
    now = time.time()
    if time_format == b"%s":
        return b"%d" % now
    text = time_format.decode("utf-8", "surrogateescape")
    written = time.strftime(text, time.gmtime(now) if gmt else time.localtime(now))
    return written.encode("utf-8", "surrogateescape")
