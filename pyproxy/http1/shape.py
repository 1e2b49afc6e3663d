"""Request heads that come again with other values: read whole by one pattern.

A client sends the same few sequences of names with ever new values. Once a sequence has come often, there is a pattern
for the head that has it, from the request line to the empty line, which finds the end of the head, checks it, and takes
its values out, all at once.
"""

from __future__ import annotations

import re
from typing import Final

from pyproxy.http1.request_line import USUAL_LINE

# What may be in a value is checked afterwards, for all of them at once: this is several times faster than in a pattern.
_USUAL_VALUE: Final = rb": ((?![ \t])[^\r]*+(?<![ \t]))\r\n"
_NO_CONTROLS: Final = bytes({*range(0x20, 0x7F), *range(0x80, 0x100), ord("\t")})


class Shape:
    """The form of request heads with certain names, written in the usual way: each name as it was, ``: ``, a value."""

    __slots__ = ("_line_ends", "_match")

    def __init__(self, names: tuple[bytes, ...]) -> None:
        fields = b"".join(re.escape(name) + _USUAL_VALUE for name in names)
        self._match = re.compile(USUAL_LINE + fields + rb"\r\n").fullmatch
        self._line_ends = b"\r\n" * (len(names) + 2)

    def read(self, data: bytes) -> tuple[bytes, ...] | None:
        """The groups of USUAL_LINE and the values, if ``data`` is one whole head of this form and nothing more."""
        match = self._match(data)
        if match is None or data.translate(None, _NO_CONTROLS) != self._line_ends:
            return None
        return match.groups()
