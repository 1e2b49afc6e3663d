"""Answers in zstd (RFC 8878), on the fly and from files beside: the directives of zstd-nginx-module."""

from __future__ import annotations

from pyproxy.config.schema import ANYWHERE, NO_EFFECT, Module, buffers, choice, flag, media_types, number, size
from pyproxy.config.scope import Scope
from pyproxy.core.files.precompressed import MODES, OFF, precompressed
from pyproxy.core.filters.compression import LARGE_STEP, Compression, Encoder, ratio
from pyproxy.core.filters.encodings import accepts
from pyproxy.core.filters.media_types import MediaTypes
from pyproxy.core.location import Location
from pyproxy.core.request import Request
from pyproxy.core.response import Response
from pyproxy.core.variables import Variable

FAST = 6
"""The last level that takes less than a few milliseconds for what is compressed at a time."""
LARGEST_WINDOW = 23
"""RFC 9659: a client need not keep more than 8 MB."""


def _accepted(request: Request, response: Response) -> bool:
    value = request.head.fields.get(b"accept-encoding")
    return value is not None and accepts(value, b"zstd")


class _Maker:
    """Makes the filters of one location."""

    def __init__(self, level: int) -> None:
        import zstandard  # 30 ms, only for who uses it

        parameters = zstandard.ZstdCompressionParameters.from_level(level)
        if parameters.window_log > LARGEST_WINDOW:
            parameters = zstandard.ZstdCompressionParameters.from_level(level, window_log=LARGEST_WINDOW)
        self._parameters = parameters
        self._new = zstandard.ZstdCompressor
        self._flush_block = zstandard.COMPRESSOBJ_FLUSH_BLOCK
        self._level = level

    def __call__(self, request: Request, length: int | None) -> Encoder:
        compressor = self._new(compression_params=self._parameters).compressobj()
        block = self._flush_block
        work = compressor.compress, lambda: compressor.flush(block), compressor.flush
        return Encoder(work) if self._level <= FAST else Encoder(work, LARGE_STEP, request.stream.worker.loop)


def _compile(scope: Scope, location: Location) -> None:
    precompressed(scope.get("zstd_static"), location, b"zstd", b".zst", _accepted)
    if not scope.get("zstd"):
        return
    make = _Maker(scope.get("zstd_comp_level"))
    types = MediaTypes(scope.get("zstd_types"))
    compression = Compression(b"zstd", types, scope.get("zstd_min_length"), _accepted, make)
    location.add_filter(compression, compression.applies)


MODULE = Module(
    name="zstd",
    directives=(
        flag("zstd", ANYWHERE, False, "Compress answers for clients that accept zstd."),
        choice("zstd_static", ANYWHERE, MODES, OFF, "Send `file.zst` where there is one: off, on, always."),
        media_types("zstd_types", "The media types to compress, besides text/html; * for all."),
        number("zstd_comp_level", ANYWHERE, 1, "From 1, fast, to 22, small.", least=1, most=22),
        size("zstd_min_length", ANYWHERE, 20, "The shortest body, in bytes, to compress."),
        buffers("zstd_buffers", ANYWHERE, None, NO_EFFECT),
    ),
    variables=(Variable("zstd_ratio", ratio("zstd")),),
    location=_compile,
    order=69,
)
