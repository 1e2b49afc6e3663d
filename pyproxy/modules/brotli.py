"""Answers in brotli, on the fly and from files beside: the directives of ngx_brotli. Asked before gzip."""

from __future__ import annotations

from pyproxy.config import values
from pyproxy.config.schema import ANYWHERE, NO_EFFECT, Module, Spec, buffers, choice, flag, media_types, number, size
from pyproxy.config.scope import Scope
from pyproxy.config.tree import Directive
from pyproxy.core.files.precompressed import MODES, OFF, precompressed
from pyproxy.core.filters.compression import LARGE_STEP, Compression, Encoder, ratio
from pyproxy.core.filters.encodings import accepts
from pyproxy.core.filters.media_types import MediaTypes
from pyproxy.core.location import Location
from pyproxy.core.request import Request
from pyproxy.core.response import Response
from pyproxy.core.variables import Variable

SHORT = 1 << 16
"""Bytes of a body that is compressed at once at levels to 9: a few milliseconds."""

_WINDOWS = {f"{1 << bits - 10}k": bits for bits in range(10, 25)}
_WINDOWS |= {f"{1 << bits - 20}m": bits for bits in range(20, 25)}


def _accepted(request: Request, response: Response) -> bool:
    value = request.head.fields.get(b"accept-encoding")
    return value is not None and accepts(value, b"br")


class _Maker:
    """Makes the filters of one location."""

    def __init__(self, level: int, window: int) -> None:
        import brotli  # only for who uses it

        self._new = brotli.Compressor
        self._level = level
        self._window = window

    def __call__(self, request: Request, length: int | None) -> Encoder:
        compressor = self._new(quality=self._level, lgwin=self._window)
        work = compressor.process, compressor.flush, compressor.finish
        if self._level <= 1 or (self._level <= 9 and length is not None and length <= SHORT):
            return Encoder(work)
        return Encoder(work, LARGE_STEP, request.stream.worker.loop)


def _window(directive: Directive, scope: Scope) -> int:
    return _WINDOWS[values.choice(directive.args[0], _WINDOWS)]


def _compile(scope: Scope, location: Location) -> None:
    precompressed(scope.get("brotli_static"), location, b"br", b".br", _accepted)
    if not scope.get("brotli"):
        return
    make = _Maker(scope.get("brotli_comp_level"), scope.get("brotli_window"))
    types = MediaTypes(scope.get("brotli_types"))
    compression = Compression(b"br", types, scope.get("brotli_min_length"), _accepted, make)
    location.add_filter(compression, compression.applies)


MODULE = Module(
    name="brotli",
    directives=(
        flag("brotli", ANYWHERE, False, "Compress answers for clients that accept brotli."),
        choice("brotli_static", ANYWHERE, MODES, OFF, "Send `file.br` where there is one: off, on, always."),
        media_types("brotli_types", "The media types to compress, besides text/html; * for all."),
        number("brotli_comp_level", ANYWHERE, 6, "From 0, fast, to 11, small.", most=11),
        Spec("brotli_window", ANYWHERE, _window, default=19, summary="How far back it looks: 1k to 16m."),
        size("brotli_min_length", ANYWHERE, 20, "The shortest body, in bytes, to compress."),
        buffers("brotli_buffers", ANYWHERE, None, NO_EFFECT),
    ),
    variables=(Variable("brotli_ratio", ratio("br")),),
    location=_compile,
    order=68,
)
