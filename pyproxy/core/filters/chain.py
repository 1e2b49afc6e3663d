"""What may change an answer on its way to the client: header filters, which decide, and body filters, which do it.

nginx's order: each header filter of a location looks at a response once, may change its head, and may answer a
body filter for it. The bodies of responses that have any go through a ``BodyChain``; all others know nothing of it.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Protocol

from pyproxy.core.logs.log import CRIT

if TYPE_CHECKING:
    from pyproxy.core.request import Producer, Request
    from pyproxy.core.response import Response

TURN = 0.002
"""Seconds that one body may be worked on before everybody else has their turn."""
IDLE = 0.1
"""Seconds after which what filters hold back goes out though nothing more has come."""

ACCEPT_RANGES = (b"Accept-Ranges", b"bytes")

Piece = bytes | asyncio.Future[Any]
"""Bytes that go on; or something that the filter waits for before it is asked for the next piece."""


class BodyFilter(Protocol):
    """Changes one body. What may be much, or takes long, is a generator: its pieces are asked for one by one."""

    def feed(self, data: bytes) -> Iterable[Piece]:
        """What goes on, now that ``data`` has come."""

    def flush(self) -> Iterable[Piece]:
        """What can go on of what is held back, because nothing more comes for now."""

    def end(self) -> Iterable[Piece]:
        """The rest."""


HeaderFilter = Callable[["Request", "Response"], BodyFilter | None]
"""Raises Refused when it has answered something else."""


class Refused(Exception):
    """A header filter has given up the answer (``Request.give_up``) and finalized the request with another."""


def share(request: Request, response: Response) -> bool:
    """Make a response one that all requests may get, with the body as it is; False where a filter sees to each."""
    location = request.location
    # an upstream's is sent on to the others without a look at what they ask for
    particular = response.allow_ranges if response.disable_not_modified else request.route.head.fields.names.conditional
    if particular or request.error_status or request.carried is not None or not request.is_main:
        return False
    if any(varies(response) for varies in location.varying):
        return False
    for header_filter in location.header_filters:
        header_filter(request, response)
    if response.allow_ranges:
        offer_ranges(response)
    response.shared = True
    return True


def offer_ranges(response: Response) -> None:
    """Tell the client that it may ask for parts, if it got all and the filters have left the body as it was."""
    if response.status == 200 and response.length is not None:
        response.fields.append(ACCEPT_RANGES)


class BodyChain:
    """A body on its way through filters: takes the place of who makes it, towards the client, and keeps its pace."""

    __slots__ = (
        "_ended",
        "_filters",
        "_full",
        "_head",
        "_held",
        "_last",
        "_loop",
        "_request",
        "_running",
        "_timer",
        "_unflushed",
        "_waiting",
        "_work",
        "source",
    )

    def __init__(self, request: Request, filters: list[BodyFilter]) -> None:
        self.source: Producer | None = request.handler
        """Who makes the body, where it does not come whole."""
        request.handler = self
        self._request = request
        self._loop = request.stream.worker.loop
        self._filters = filters
        self._work: deque[Iterator[Piece]] = deque()
        self._head: Response | None = None
        """What goes out with the first bytes of the body."""
        self._full = False
        """Whether the client takes no more for now."""
        self._held = False
        """Whether the source has been told to wait."""
        self._running = self._waiting = self._ended = False
        self._unflushed = False
        """Whether data has come since the last flush."""
        self._last = 0.0
        """When it came last."""
        self._timer: asyncio.TimerHandle | None = None

    # From the source

    def answer(self, response: Response, data: bytes) -> None:
        """The body comes whole. If nothing can be made of it the client gets no head either, as in nginx."""
        self._head = response
        self.finish(data)

    def send(self, data: bytes) -> None:
        """More of the body has come."""
        self._unflushed = True
        self._last = self._loop.time()
        self._work.append(self._pass(data, 0))
        self._run()

    def flush(self) -> None:
        """Nothing more comes for now."""
        if self._unflushed:
            self._unflushed = False
            self._work.append(self._flush())
            self._run()

    def finish(self, data: bytes = b"") -> None:
        """The body is complete, with ``data``."""
        self.source = None
        self._request.handler = self
        self._ended = True
        if data:
            self._work.append(self._pass(data, 0))
        self._work.append(self._end())
        self._run()

    # Through the filters

    def _pass(self, data: bytes, index: int) -> Iterator[Piece]:
        if index == len(self._filters):
            yield data
            return
        yield from self._pass_on(self._filters[index].feed(data), index + 1)

    def _pass_on(self, pieces: Iterable[Piece], index: int) -> Iterator[Piece]:
        for piece in pieces:
            if isinstance(piece, asyncio.Future) or not piece:
                yield piece
            else:
                yield from self._pass(piece, index)

    def _flush(self) -> Iterator[Piece]:
        for index, body_filter in enumerate(self._filters):
            yield from self._pass_on(body_filter.flush(), index + 1)

    def _end(self) -> Iterator[Piece]:
        for index, body_filter in enumerate(self._filters):
            yield from self._pass_on(body_filter.end(), index + 1)

    def _run(self) -> None:
        if self._running or self._waiting:
            return
        self._running = True
        try:
            self._step()
        except Exception as error:
            self._fail(error)
        finally:
            self._running = False

    def _step(self) -> None:
        work = self._work
        until = time.perf_counter() + TURN
        while True:
            while work and not self._full and not self._waiting:
                piece = next(work[0], None)
                if piece is None:
                    work.popleft()
                elif isinstance(piece, asyncio.Future):
                    self._waiting = True
                    piece.add_done_callback(self._go_on)
                elif piece:
                    self._emit(piece)
                if time.perf_counter() > until and not self._waiting:
                    self._waiting = True
                    self._loop.call_soon(self._go_on)
            if not self._held or work or self._full or self.source is None:
                break
            # who was held may have more at once
            self._held = False
            self.source.resume()
        self._settle()

    def _emit(self, piece: bytes) -> None:
        head, self._head = self._head, None
        if head is not None:
            self._request.stream.start(self._request, head, piece, False)
        else:
            self._request.stream.send(piece)

    def _settle(self) -> None:
        """All that could be done for now is done."""
        request = self._request
        if self._work:
            self._hold()
        elif self._ended:
            self._drop_timer()
            request.handler = request.chain = None
            if self._head is not None:
                request.stream.start(request, self._head, b"", True)
            else:
                request.stream.finish()
        elif self._unflushed and self._timer is None:
            self._timer = self._loop.call_later(IDLE, self._idle)

    def _hold(self) -> None:
        if self.source is not None and not self._held:
            self._held = True
            self.source.pause()

    def _go_on(self, _: object = None) -> None:
        self._waiting = False
        if not self._request.finished:
            self._run()

    def _idle(self) -> None:
        self._timer = None
        if self._request.finished or self._ended:
            return
        wait = self._last + IDLE - self._loop.time()
        if wait > 0 or self._work:
            self._timer = self._loop.call_later(max(wait, IDLE / 2), self._idle)
        else:
            self.flush()

    def _fail(self, error: Exception) -> None:
        """A body that cannot be filtered cannot be sent: the client must see that it is not complete."""
        request = self._request
        if isinstance(error, ValueError):
            request.complain(CRIT, str(error))
        else:
            request.complain(CRIT, f"{type(error).__name__}: {error}")
        self.stop()
        request.stream.abort()

    def _drop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # Producer

    def pause(self) -> None:
        self._full = True
        self._hold()

    def resume(self) -> None:
        self._full = False
        self._run()

    def client_gone(self) -> bool | None:
        self.forget()
        return self.source.client_gone() if self.source is not None else None

    def stop(self) -> None:
        self.forget()
        if self.source is not None:
            self.source.stop()

    def forget(self) -> None:
        """Nothing that is still to come of the body is wanted."""
        self._drop_timer()
        self._work.clear()
