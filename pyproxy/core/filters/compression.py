"""Content codings applied on the fly: which answers get one, and what that does to their heads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from pyproxy.core.filters.chain import BodyFilter, Piece

if TYPE_CHECKING:
    from pyproxy.core.filters.media_types import MediaTypes
    from pyproxy.core.request import Request
    from pyproxy.core.response import Response
    from pyproxy.core.variables import Getter

STEP = 1 << 15
"""Bytes that are compressed at a time."""
LARGE_STEP = 1 << 18
"""The same in a thread."""

STATUSES = frozenset({200, 403, 404})


def is_encoded(response: Response) -> bool:
    """Whether its body has a content coding already."""
    return bool(response.get(b"content-encoding"))


def change_body(response: Response) -> None:
    """A filter changes the body's bytes: its length is not known, nor parts of it, nor is it the same byte by byte."""
    response.length = None
    response.allow_ranges = False
    response.remove(b"accept-ranges")
    weaken_etag(response)


def weaken_etag(response: Response) -> None:
    """``W/``, because what the client gets means the same but has other bytes; one that is no entity tag goes."""
    etag = response.etag
    if etag is None or etag.startswith(b"W/"):
        return
    response.remove(b"etag")
    if etag.startswith(b'"'):
        response.fields.append((b"ETag", b"W/" + etag))


class Encoder:
    """A body filter: one body on its way into a content coding."""

    def __init__(
        self,
        work: tuple[Callable[[bytes], bytes], Callable[[], bytes], Callable[[], bytes]],
        step: int = STEP,
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        """``work``: what an encoder does with bytes, for a flush and at the end; with ``step`` bytes at a time.

        ``loop``: where that takes long, it is done in threads, and the loop goes on meanwhile.
        """
        self._feed, self._flush, self._end = work
        self._step = step
        self._loop = loop
        self.read = 0
        """Bytes that went in."""
        self.written = 0
        """Bytes that came out."""

    def _do(self, work: Callable[..., bytes], *args: bytes) -> Iterator[Piece]:
        if self._loop is None:
            data = work(*args)
        else:
            future = self._loop.run_in_executor(None, work, *args)
            yield future
            data = future.result()
        self.written += len(data)
        yield data

    def feed(self, data: bytes) -> Iterator[Piece]:
        self.read += len(data)
        for at in range(0, len(data), self._step):
            yield from self._do(self._feed, data[at : at + self._step])

    def flush(self) -> Iterator[Piece]:
        return self._do(self._flush)

    def end(self) -> Iterator[Piece]:
        return self._do(self._end)


def ratio(coding: str) -> Getter:
    """The variable that tells how much smaller a body has become."""

    def get(request: Request) -> bytes | None:
        encoder: Encoder | None = (request.values or {}).get(f"{coding} encoder")
        if encoder is None or not encoder.written:
            return None
        thousandths = encoder.read * 1000 // encoder.written
        hundredths = thousandths // 10 % 100 + (thousandths % 10 > 4)
        whole = thousandths // 1000
        return b"%d.%02d" % ((whole + 1, 0) if hundredths > 99 else (whole, hundredths))

    return get


class Compression:
    """The header filter of one location and one coding."""

    def __init__(
        self,
        coding: bytes,
        types: MediaTypes,
        min_length: int,
        accepted: Callable[[Request, Response], bool],
        make: Callable[[Request, int | None], Encoder],
    ) -> None:
        """``min_length`` in bytes; ``make`` gets the length of the body where it is known."""
        self._coding = (b"Content-Encoding", coding)
        self._key = f"{coding.decode()} encoder"
        self._types = types
        self._min_length = min_length
        self._accepted = accepted
        self._make = make

    def applies(self, response: Response) -> bool:
        """Whether answers such as this one are compressed for those who accept it."""
        return (
            response.status in STATUSES
            and (response.length is None or response.length >= self._min_length)
            and self._types.match(response)
            and not is_encoded(response)
        )

    def __call__(self, request: Request, response: Response) -> BodyFilter | None:
        if not self.applies(response):
            return None
        request.location.encodings.vary(response)
        if not self._accepted(request, response):
            return None
        encoder = self._make(request, response.length)
        if request.values is None:
            request.values = {}
        request.values[self._key] = encoder
        response.fields.append(self._coding)
        change_body(response)
        return encoder
