"""ngx_http_gunzip_filter_module: answers that are in gzip, for clients that do not accept it."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from pyproxy.config.schema import ANYWHERE, NO_EFFECT, Module, buffers, flag
from pyproxy.config.scope import Scope
from pyproxy.core.filters.chain import BodyFilter
from pyproxy.core.filters.compression import change_body
from pyproxy.core.location import Location
from pyproxy.core.request import Request
from pyproxy.core.response import Response

STEP = 1 << 16
"""Bytes that come out at a time: a small body may become a very large one."""

_GZIP = 16 + zlib.MAX_WBITS


class Inflate:
    """One body on its way out of gzip. A second gzip stream after the first belongs to it (RFC 1952, 2.2)."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(_GZIP)

    def feed(self, data: bytes) -> Iterator[bytes]:
        while data:
            if self._stream.eof:
                self._stream = zlib.decompressobj(_GZIP)
            try:
                piece = self._stream.decompress(data, STEP)
            except zlib.error as error:
                raise ValueError(f"inflate() failed: {error}") from error
            data = self._stream.unused_data if self._stream.eof else self._stream.unconsumed_tail
            yield piece

    def flush(self) -> tuple[()]:
        return ()

    def end(self) -> Iterator[bytes]:
        # without more input there may still be output that did not fit into the last piece
        while not self._stream.eof:
            piece = self._stream.decompress(b"", STEP)
            if not piece:
                raise ValueError("inflate() failed: the answer's gzip ends too early")
            yield piece


def _applies(response: Response) -> bool:
    return (response.get(b"content-encoding") or b"").lower() == b"gzip"


def _gunzip(request: Request, response: Response) -> BodyFilter | None:
    if not _applies(response):
        return None
    encodings = request.location.encodings
    encodings.vary(response)
    if encodings.may_gzip(request, response):
        return None
    response.remove(b"content-encoding")
    change_body(response)
    return Inflate()


def _compile(scope: Scope, location: Location) -> None:
    if scope.get("gunzip"):
        location.add_filter(_gunzip, _applies)


MODULE = Module(
    name="gunzip",
    directives=(
        flag("gunzip", ANYWHERE, False, "Decompress answers for clients that do not accept gzip."),
        buffers("gunzip_buffers", ANYWHERE, None, NO_EFFECT),
    ),
    location=_compile,
    order=62,
)
