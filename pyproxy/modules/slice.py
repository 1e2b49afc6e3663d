"""ngx_http_slice_module: large answers asked for slice by slice, so that each can be kept and resumed for itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pyproxy.config.schema import ANYWHERE, Module, size
from pyproxy.config.scope import Scope
from pyproxy.core.ask import answer_of
from pyproxy.core.filters.chain import BodyFilter, Piece, Refused
from pyproxy.core.location import Location
from pyproxy.core.logs.log import ERROR
from pyproxy.core.parts import Part
from pyproxy.core.request import Request
from pyproxy.core.response import Response
from pyproxy.core.variables import Variable

_SLICES = "slices of the answer"
"""The key under which they are kept with the request, which its subrequests share."""
_RANGE = re.compile(rb"bytes=[ ]*([0-9]+)[^,]*", re.IGNORECASE)
_CONTENT_RANGE = re.compile(rb"bytes +([0-9]+) *- *([0-9]+) */ *([0-9]+) *")


class _Slices:
    """The slices of one answer. As a body filter it lets the first one pass, and asks for the others."""

    def __init__(self, request: Request, length: int) -> None:
        """``length`` of a slice, in bytes."""
        self._request = request
        self._length = length
        self._start = _first_byte(request) // length * length
        """Where the slice begins that is asked for."""
        self._at = self._start
        """Where what comes next stands in the whole."""
        self._etag: bytes | None = None
        self._response: Response | None = None

    @property
    def range(self) -> bytes:
        """The slice that is asked for: ``$slice_range``."""
        return b"bytes=%d-%d" % (self._start, self._start + self._length - 1)

    def check(self, response: Response) -> int:
        """The length of the whole, if the response is the slice that was asked for. Raises ValueError."""
        if response.status != 206:
            raise ValueError(f"unexpected status code {response.status} in slice response")
        if self._etag is not None and response.etag != self._etag:
            raise ValueError("etag mismatch in slice response")
        self._etag = response.etag
        match = _CONTENT_RANGE.fullmatch(response.get(b"content-range") or b"")
        if match is None:
            raise ValueError("invalid range in slice response")
        start, end, whole = int(match[1]), int(match[2]) + 1, int(match[3])
        expected = min(self._start + self._length, whole)
        if (start, end) != (self._start, expected):
            raise ValueError(f"unexpected range in slice response: {start}-{end}, expected: {self._start}-{expected}")
        self._start = end
        return whole

    def begin(self, response: Response) -> None:
        """The first slice has come: make its head that of the whole answer. Raises ValueError."""
        response.length = self.check(response)
        response.status, response.reason = 200, b""
        response.remove(b"content-range")
        response.remove(b"accept-ranges")
        response.allow_ranges = bool(self._request.location.max_ranges)
        response.sliced = response.single_range = True
        self._response = response

    def _wanted(self) -> tuple[int, int]:
        """What the client gets of the whole: all, or the part that it has asked for."""
        assert self._response is not None
        parts = self._response.parts
        if isinstance(parts, Part):
            return parts.start, parts.start + parts.length
        return 0, self._response.length or 0

    def _cut(self, data: bytes) -> bytes:
        first, last = self._wanted()
        at, self._at = self._at, self._at + len(data)
        return data[max(first - at, 0) : max(last - at, 0)]

    def feed(self, data: bytes) -> tuple[bytes]:
        return (self._cut(data),)

    def flush(self) -> tuple[()]:
        return ()

    def end(self) -> Iterator[Piece]:
        first, last = self._wanted()
        if self._start + self._length <= first:
            self._start = first // self._length * self._length
        request = self._request
        while self._start < last:
            self._at = self._start
            for piece in answer_of(request, request.uri, request.args, again=True, check=self._check):
                yield self._cut(piece) if isinstance(piece, bytes) else piece

    def _check(self, request: Request) -> None:
        if request.response is None:
            raise ValueError("missing slice response")
        self.check(request.response)


def _first_byte(request: Request) -> int:
    """Of the range that the client asks for, as far as a slice can be begun with it."""
    fields = request.head.fields
    value = fields.get(b"range")
    if value is None or fields.get(b"if-range") is not None:
        return 0
    match = _RANGE.fullmatch(value)
    return int(match[1]) if match is not None and len(match[1]) < 19 else 0


def _slices(request: Request) -> _Slices | None:
    values: dict[str, Any] = request.values or {}
    return values.get(_SLICES)


def _slice_range(request: Request) -> bytes | None:
    slices = _slices(request)
    if slices is None:
        length = request.location.slice
        if not length or not request.is_main or request.response is not None:
            return None
        if request.values is None:
            request.values = {}
        slices = request.values[_SLICES] = _Slices(request, length)
    return slices.range


def _filter(request: Request, response: Response) -> BodyFilter | None:
    slices = _slices(request)
    if slices is None or not request.is_main:
        return None
    if response.status != 206:
        if request.values is not None:
            del request.values[_SLICES]
        return None
    try:
        slices.begin(response)
    except ValueError as error:
        request.complain(ERROR, str(error))
        request.give_up()
        request.stream.abort()
        raise Refused from None
    return slices


def _compile(scope: Scope, location: Location) -> None:
    location.slice = scope.get("slice")
    if location.slice:
        location.add_filter(_filter, lambda response: True)


MODULE = Module(
    name="slice",
    directives=(
        size("slice", ANYWHERE, 0, "Ask upstreams for so many bytes at a time, with $slice_range; 0: for all."),
    ),
    variables=(Variable("slice_range", _slice_range),),
    location=_compile,
    order=5,
)
