"""Content codings applied on the fly: which answers get one, and what that does to their heads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from pyproxy.core.filters import BodyFilter, Piece

if TYPE_CHECKING:
    from pyproxy.core.media_types import MediaTypes
    from pyproxy.core.request import Request, Response

STEP = 1 << 15
"""Bytes."""

Work = Callable[[], bytes]

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


class InThread:
    """A body filter whose work is done in threads, because it may take long; the loop goes on meanwhile."""

    def __init__(self, request: Request, feed: Callable[[bytes], bytes], flush: Work, end: Work) -> None:
        self._loop = request.stream.worker.loop
        self._feed = feed
        self._flush = flush
        self._end = end

    def _run(self, work: Callable[..., bytes], *args: bytes) -> Iterator[Piece]:
        future = self._loop.run_in_executor(None, work, *args)
        yield future
        yield future.result()

    def feed(self, data: bytes) -> Iterator[Piece]:
        return self._run(self._feed, data)

    def flush(self) -> Iterator[Piece]:
        return self._run(self._flush)

    def end(self) -> Iterator[Piece]:
        return self._run(self._end)


class OnLoop:
    """A body filter whose work is done at once, ``STEP`` bytes at a time."""

    def __init__(self, feed: Callable[[bytes], bytes], flush: Work, end: Work) -> None:
        self._feed = feed
        self._flush = flush
        self._end = end

    def feed(self, data: bytes) -> Iterator[Piece]:
        for at in range(0, len(data), STEP):
            yield self._feed(data[at : at + STEP])

    def flush(self) -> tuple[bytes]:
        return (self._flush(),)

    def end(self) -> tuple[bytes]:
        return (self._end(),)


class Compression:
    """The header filter of one location and one coding."""

    def __init__(
        self,
        coding: bytes,
        types: MediaTypes,
        min_length: int,
        accepted: Callable[[Request, Response], bool],
        make: Callable[[Request, int | None], BodyFilter],
    ) -> None:
        """``min_length`` in bytes; ``make`` gets the length of the body where it is known."""
        self._coding = (b"Content-Encoding", coding)
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
        body_filter = self._make(request, response.length)
        response.fields.append(self._coding)
        change_body(response)
        return body_filter
