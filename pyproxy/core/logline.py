"""``log_format``, compiled: the line that an access log gets for a request."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from pyproxy.core.request import Request
from pyproxy.core.variables import Depends, Getter, Template, Variable

_UNSAFE = re.compile(rb'["\\\x00-\x1f\x7f-\xff]')
_UNSAFE_IN_JSON = re.compile(rb'["\\\x00-\x1f]')
_IN_JSON = {bytes([code]): b"\\u%04X" % code for code in range(0x20)} | {
    b'"': b'\\"',
    b"\\": b"\\\\",
    b"\b": b"\\b",
    b"\t": b"\\t",
    b"\n": b"\\n",
    b"\f": b"\\f",
    b"\r": b"\\r",
}
_HARMLESS = frozenset(
    {
        "body_bytes_sent",
        "bytes_sent",
        "connection",
        "connection_requests",
        "connection_time",
        "msec",
        "pid",
        "pipe",
        "request_id",
        "request_length",
        "request_time",
        "status",
        "time_iso8601",
        "time_local",
    }
)
"""Variables that always have a value, and one that never needs escaping."""


@dataclass(frozen=True, slots=True)
class Escaping:
    """How a format writes values so that nobody can forge a line."""

    escape: Callable[[bytes], bytes]
    is_safe: Callable[[bytes], object]
    """Whether bytes may stand as they are."""
    nothing: bytes = b""
    """What stands for a variable without a value."""


def escape_default(value: bytes) -> bytes:
    """nginx's default: quotes, backslashes and what is not printable ASCII as ``\\xXX``."""
    return _UNSAFE.sub(lambda match: b"\\x%02X" % match[0][0], value)


def escape_json(value: bytes) -> bytes:
    """The inside of a JSON string; bytes that are not UTF-8 stay as they are, as in nginx."""
    return _UNSAFE_IN_JSON.sub(lambda match: _IN_JSON[match[0]], value)


ESCAPINGS: Final = {
    "default": Escaping(escape_default, re.compile(rb"[ !#-\[\]-~]*+").fullmatch, b"-"),
    "json": Escaping(escape_json, re.compile(rb'[^"\\\x00-\x1f]*+').fullmatch),
    "none": Escaping(lambda value: value, lambda value: True),
}


class LogLine:
    """Makes the lines of one format.

    What the request head fixes is put together once for a connection that repeats its head: not for the first such
    request, which may be the last. ``_frame`` has a ``%b`` for each variable. ``_twice`` is formatted first with the
    fixed values, which leaves a ``%b`` for each that varies, then with those.
    """

    __slots__ = ("_escaping", "_fixed", "_frame", "_getters", "_seen", "_twice", "_varying")

    def __init__(self, template: Template, escaping: Escaping) -> None:
        self._escaping = escaping
        self._getters: list[Getter] = []
        self._fixed: list[Getter] = []
        self._varying: list[Callable[[Request], bytes]] = []
        self._frame = self._twice = b""
        self._seen = (self, None)
        for part in (*template.parts, b"\n"):
            if isinstance(part, bytes):
                literal = part.replace(b"%", b"%%")
                self._frame += literal
                self._twice += literal.replace(b"%", b"%%")
                continue
            self._frame += b"%b"
            self._getters.append(part.get)
            if part.depends is Depends.REQUEST:
                self._twice += b"%%b"
                self._varying.append(self._escaped(part))
            else:
                self._twice += b"%b"
                self._fixed.append(part.get)

    def _escaped(self, variable: Variable) -> Callable[[Request], bytes]:
        get, escape, nothing = variable.get, self._escaping.escape, self._escaping.nothing
        if variable.name in _HARMLESS:
            return get  # type: ignore[return-value]
        return lambda request: nothing if (value := get(request)) is None else escape(value)

    def __call__(self, request: Request) -> bytes:
        """The line, with its newline."""
        route = request.route
        remembered = route.log_memo
        if remembered is None:
            route.log_memo = self._seen
        elif remembered[0] is self and not request.internal:
            line = remembered[1]
            if line is None:
                values = self._values(self._fixed, request)
                line = self._twice % tuple([value.replace(b"%", b"%%") for value in values])
                route.log_memo = (self, line)
            return line % tuple([get(request) for get in self._varying])  # type: ignore[no-any-return]
        return self._frame % tuple(self._values(self._getters, request))

    def _values(self, getters: list[Getter], request: Request) -> list[bytes]:
        nothing = self._escaping.nothing
        values = [nothing if (value := get(request)) is None else value for get in getters]
        # hardly any value needs escaping: one look at all of them is cheaper than one at each
        if self._escaping.is_safe(b"".join(values)):
            return values
        escape = self._escaping.escape
        return [escape(value) for value in values]
