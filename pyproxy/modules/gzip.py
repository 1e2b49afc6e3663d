"""ngx_http_gzip_filter_module: answers compressed on the fly, and to whom gzip may be sent at all."""

from __future__ import annotations

import re
import zlib

from pyproxy.config import values
from pyproxy.config.schema import (
    ANYWHERE,
    MANY,
    NO_EFFECT,
    Module,
    Spec,
    buffers,
    flag,
    media_types,
    number,
    size,
    words,
)
from pyproxy.config.scope import Scope
from pyproxy.config.tree import Directive
from pyproxy.core.filters.compression import STEP, Compression, Encoder, ratio
from pyproxy.core.filters.encodings import PROXIED, Encodings
from pyproxy.core.filters.media_types import MediaTypes
from pyproxy.core.location import Location
from pyproxy.core.request import Request
from pyproxy.core.variables import Variable

SMALL_STEP = 1 << 12
"""Bytes that are compressed at a time at levels above 5, so that it takes about a millisecond."""

_MSIE6 = r"MSIE (?:[45]|6(?!.*SV1))"
_GZIP_HEADER = 16
"""Added to zlib's window bits: gzip's framing."""


class _Maker:
    """Makes the encoders of one location."""

    def __init__(self, level: int, window: int, memory: int) -> None:
        """``window`` and ``memory``: zlib's window bits and memory level."""
        self._level = level
        self._window = window
        self._memory = memory

    def __call__(self, request: Request, length: int | None) -> Encoder:
        window, memory = self._window, self._memory
        if length:
            # a window larger than the body costs memory and time for nothing
            while length < (1 << (window - 1)) - 262:
                window, memory = window - 1, max(memory - 1, 1)
        return deflate(self._level, window, memory)


def deflate(level: int, window: int, memory: int) -> Encoder:
    """An encoder for one body."""
    compressor = zlib.compressobj(level, zlib.DEFLATED, _GZIP_HEADER + window, memory)
    work = compressor.compress, lambda: compressor.flush(zlib.Z_SYNC_FLUSH), compressor.flush
    return Encoder(work, STEP if level <= 5 else SMALL_STEP)


def _http_version(directive: Directive, scope: Scope) -> int:
    return {"1.0": 10, "1.1": 11}[values.choice(directive.args[0], ("1.0", "1.1"))]


def _disable(directive: Directive, scope: Scope) -> list[re.Pattern[bytes]]:
    patterns = [_MSIE6 if arg == "msie6" else arg for arg in directive.args if arg != "degradation"]
    return [scope.regex(pattern, ignore_case=True) for pattern in patterns]


def _bits(directive: Directive, scope: Scope, first: int, last: int, offset: int) -> int:
    """The size of zlib's window or hash table in bytes, as the power of two that it is."""
    length = values.size(directive.args[0])
    for bits in range(first, last + 1):
        if length == 1 << (bits + offset):
            return bits
    sizes = ", ".join(str(1 << (bits + offset)) for bits in range(first, last + 1))
    raise ValueError(f"expected one of {sizes} bytes")


def _compile(scope: Scope, location: Location) -> None:
    location.encodings = Encodings(
        scope.get("gzip_vary"),
        scope.get("gzip_http_version"),
        scope.get("gzip_proxied"),
        tuple(pattern for patterns in scope.get("gzip_disable") or () for pattern in patterns),
    )
    if not scope.get("gzip"):
        return
    compression = Compression(
        b"gzip",
        MediaTypes(scope.get("gzip_types")),
        scope.get("gzip_min_length"),
        lambda request, response: request.location.encodings.may_gzip(request, response),
        _Maker(scope.get("gzip_comp_level"), scope.get("gzip_window"), scope.get("gzip_hash")),
    )
    location.add_filter(compression, compression.applies)


MODULE = Module(
    name="gzip",
    directives=(
        flag("gzip", ANYWHERE, False, "Compress answers for clients that accept gzip."),
        media_types("gzip_types", "The media types to compress, besides text/html; * for all."),
        number("gzip_comp_level", ANYWHERE, 1, "From 1, fast, to 9, small.", least=1, most=9),
        size("gzip_min_length", ANYWHERE, 20, "The shortest body, in bytes, to compress."),
        flag("gzip_vary", ANYWHERE, False, "Say `Vary: Accept-Encoding` where answers could be compressed."),
        Spec(
            "gzip_http_version",
            ANYWHERE,
            _http_version,
            default=11,
            summary="The oldest version that gets gzip: 1.0, 1.1.",
        ),
        words(
            "gzip_proxied",
            ANYWHERE,
            PROXIED,
            frozenset({"off"}),
            "Which answers are compressed for requests that came through a proxy.",
        ),
        Spec(
            "gzip_disable",
            ANYWHERE,
            _disable,
            (1, MANY),
            repeat=True,
            summary="Regular expressions of the User-Agents that get no gzip.",
        ),
        Spec(
            "gzip_window",
            ANYWHERE,
            lambda directive, scope: _bits(directive, scope, 9, 15, 0),
            default=15,
            summary="zlib's window.",
        ),
        Spec(
            "gzip_hash",
            ANYWHERE,
            lambda directive, scope: _bits(directive, scope, 1, 9, 8),
            default=8,
            summary="zlib's memory for the search.",
        ),
        buffers("gzip_buffers", ANYWHERE, None, NO_EFFECT),
        size("postpone_gzipping", ANYWHERE, None, NO_EFFECT),
        flag("gzip_no_buffer", ANYWHERE, False, NO_EFFECT),
    ),
    variables=(Variable("gzip_ratio", ratio("gzip")),),
    location=_compile,
    order=70,
)
