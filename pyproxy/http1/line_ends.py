"""Line ends of heads: CRLF, or a bare LF, which RFC 9112, 2.2 lets a reader take for one, as nginx does; no bare CR.

Chunked framing knows CRLF only.
"""

from __future__ import annotations

import re
from typing import Final

from pyproxy.http1.message import Sender

find_blank_line: Final = re.compile(rb"\n\r?\n").search
"""The first empty line, whatever the line ends: its match ends where the head ends."""

# The look-behind comes second: a pattern that begins with a literal is searched for several times faster.
_BARE_LF: Final = re.compile(rb"\n(?<!\r\n)")
_BARE_CR: Final = re.compile(rb"\r(?=[^\n])").search


def with_crlf(lines: bytes) -> bytes:
    """`lines` with every line end written as CRLF."""
    return _BARE_LF.sub(b"\r\n", lines)


def refuse_bare_cr(sender: Sender, data: bytes | bytearray, start: int, seen: int) -> None:
    """Raise BadMessage for a CR in `data[start:]` that no LF follows; the first `seen` bytes were searched before."""
    if _BARE_CR(data, max(start, seen - 1)):
        raise sender.error("sent a bare CR")
