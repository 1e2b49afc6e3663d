"""``log_format``, compiled: the line that an access log gets for a request."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from pyproxy.core.field_getter import NamesGetter
from pyproxy.core.message import MOST_NAMES, PLANS, Names
from pyproxy.core.request import Request
from pyproxy.core.response import Response
from pyproxy.core.variables import Depends, Getter, Template, Variable

_ALL = bytes(range(256))
_SAFE_IN_JSON = bytes(set(range(0x20, 256)) - set(b'"\\'))
_SAFE = bytes(code for code in _SAFE_IN_JSON if code < 0x7F)
_UNSAFE = re.compile(b"[^%b]" % re.escape(_SAFE))
_UNSAFE_IN_JSON = re.compile(b"[^%b]" % re.escape(_SAFE_IN_JSON))
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
_SAME_WITHIN_A_SECOND = frozenset({"body_bytes_sent", "status", "time_iso8601", "time_local"})
"""Variables that do not change as long as the second and the response are the same."""


@dataclass(frozen=True, slots=True)
class Escaping:
    """How a format writes values so that nobody can forge a line."""

    escape: Callable[[bytes], bytes]
    safe: bytes
    """The bytes that may stand as they are."""
    nothing: bytes = b""
    """What stands for a variable without a value."""


def escape_default(value: bytes) -> bytes:
    """nginx's default: quotes, backslashes and what is not printable ASCII as ``\\xXX``."""
    return _UNSAFE.sub(lambda match: b"\\x%02X" % match[0][0], value)


def escape_json(value: bytes) -> bytes:
    """The inside of a JSON string; bytes that are not UTF-8 stay as they are, as in nginx."""
    return _UNSAFE_IN_JSON.sub(lambda match: _IN_JSON[match[0]], value)


ESCAPINGS: Final = {
    "default": Escaping(escape_default, _SAFE, b"-"),
    "json": Escaping(escape_json, _SAFE_IN_JSON),
    "none": Escaping(lambda value: value, _ALL),
}


class _Memo:
    """What is remembered for a connection that repeats its head."""

    __slots__ = ("frame", "line", "maker", "response", "second", "sent")

    def __init__(self, maker: LogLine, frame: bytes) -> None:
        self.maker = maker
        self.frame = frame
        """The line without what varies."""
        self.line = b""
        """The last line: it is the next one, too, if nothing that it tells has changed."""
        self.response: Response | None = None
        self.sent = 0
        self.second = 0


@dataclass(frozen=True, slots=True)
class _Plan:
    """How lines are made for requests whose fields have certain names: what has no value there is in the frame."""

    frame: bytes
    unsafe: int
    """Bytes of the frame itself that would be escaped in a value."""
    getters: tuple[Getter, ...]


class LogLine:
    """Makes the lines of one format.

    What the request head fixes is put together once for a connection that repeats its head: not for the first such
    request, which may be the last. A frame has a ``%b`` for each variable. ``_twice`` is formatted first with the fixed
    values, which leaves a ``%b`` for each that varies, then with those.
    """

    __slots__ = ("_escaping", "_fixed", "_may_repeat", "_parts", "_plans", "_twice", "_varying")

    def __init__(self, template: Template, escaping: Escaping) -> None:
        self._escaping = escaping
        self._parts = (*template.parts, b"\n")
        self._plans: dict[Names, _Plan] = {}
        self._fixed: list[Getter] = []
        self._varying: list[Callable[[Request], bytes]] = []
        self._twice = b""
        self._may_repeat = all(
            part.depends is not Depends.REQUEST or part.name in _SAME_WITHIN_A_SECOND
            for part in template.parts
            if isinstance(part, Variable)
        )
        for part in self._parts:
            if isinstance(part, bytes):
                self._twice += part.replace(b"%", b"%%%%")
            elif part.depends is Depends.REQUEST:
                self._twice += b"%%b"
                self._varying.append(self._escaped_getter(part))
            else:
                self._twice += b"%b"
                self._fixed.append(part.get)

    def _escaped(self, value: bytes | None) -> bytes:
        return self._escaping.nothing if value is None else self._escaping.escape(value)

    def _escaped_getter(self, variable: Variable) -> Callable[[Request], bytes]:
        get = variable.get
        if variable.name in _HARMLESS:
            return get  # type: ignore[return-value]
        return lambda request: self._escaped(get(request))

    def __call__(self, request: Request) -> bytes:
        """The line, with its newline."""
        route = request.route
        memo: _Memo | bool | None = route.log_memo
        if memo is None:
            route.log_memo = True
        elif not request.moved:
            if memo is True:
                fixed = [self._escaped(get(request)).replace(b"%", b"%%") for get in self._fixed]
                memo = route.log_memo = _Memo(self, self._twice % tuple(fixed))
            assert isinstance(memo, _Memo)
            if memo.maker is self:
                return self._again(request, memo)
        names = route.head.fields.names
        plan = self._plans.get(names) or self._make_plan(names)
        escaping = self._escaping
        nothing = escaping.nothing
        values = [nothing if (value := get(request)) is None else value for get in plan.getters]
        line: bytes = plan.frame % tuple(values)
        # hardly any value needs escaping: one look at the line, at what is left without the safe bytes, costs less
        # than one at each value
        if len(line.translate(None, escaping.safe)) == plan.unsafe:
            return line
        return plan.frame % tuple([escaping.escape(value) for value in values])

    def _make_plan(self, names: Names) -> _Plan:
        frame = b""
        getters: list[Getter] = []
        for part in self._parts:
            if isinstance(part, bytes):
                frame += part.replace(b"%", b"%%")
                continue
            get = part.get.among(names) if isinstance(part.get, NamesGetter) else part.get
            if get is None:
                frame += self._escaping.nothing
            else:
                frame += b"%b"
                getters.append(get)
        unsafe = (frame % ((b"",) * len(getters))).translate(None, self._escaping.safe)
        plan = _Plan(frame, len(unsafe), tuple(getters))
        if len(self._plans) >= PLANS:
            self._plans.clear()
        if len(names.sent) <= MOST_NAMES:
            self._plans[names] = plan
        return plan

    def _again(self, request: Request, memo: _Memo) -> bytes:
        response = request.response
        second = int(time.time())
        same = response is not None and memo.response is response
        if same and memo.second == second and memo.sent == request.sent:
            return memo.line
        line: bytes = memo.frame % tuple([get(request) for get in self._varying])
        if self._may_repeat and response is not None and response.shared:
            memo.line, memo.response, memo.second, memo.sent = line, response, second, request.sent
        return line
