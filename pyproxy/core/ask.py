"""Ways of having another URI asked: for its answer, for a part of a body, or without waiting for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from pyproxy.core.request import Request
from pyproxy.core.subrequest import IN_MEMORY, Subrequest

if TYPE_CHECKING:
    from pyproxy.core.filters.chain import Piece


class _Waiting:
    """The producer of a request that waits for a subrequest."""

    def __init__(self, subrequest: Subrequest, answered: asyncio.Future[None]) -> None:
        self._subrequest = subrequest
        self._answered = answered

    def pause(self) -> None:
        """Nothing is being sent."""

    def resume(self) -> None:
        """Nothing is being sent."""

    def client_gone(self) -> None:
        """Then nobody wants to know."""
        self.stop()

    def stop(self) -> None:
        """Something else is answered."""
        self._answered.cancel()
        self._subrequest.let_go()


async def ask(request: Request, uri: bytes, args: bytes = b"", header_only: bool = False) -> Subrequest:
    """The finished subrequest for ``uri``: its ``status``, ``response`` and ``answer``. To be let go (``let_go``).

    ``header_only``: the body of its answer is not wanted. Raises Cycle, or CancelledError when the client has left.
    """
    subrequest, answered = _question(request, uri, args, header_only)
    waiting = _Waiting(subrequest, answered)
    took_place = request.handler is None
    if took_place:
        request.handler = waiting
    subrequest.begin()
    try:
        await answered
    finally:
        if took_place and request.handler is waiting:
            request.handler = None
    return subrequest


def answer_of(
    request: Request,
    uri: bytes,
    args: bytes = b"",
    again: bool = False,
    check: Callable[[Subrequest], None] | None = None,
) -> Iterator[Piece]:
    """For a body filter: the body that another URI's answer has. Raises Cycle, or ValueError if it is not complete.

    ``again``: it is the request itself that is asked once more, in its own location. ``check`` may raise ValueError.
    """
    subrequest, answered = _question(request, uri, args, header_only=False)
    try:
        if again:
            subrequest.begin_again()
        else:
            subrequest.begin()
        yield answered
        if check is not None:
            check(subrequest)
        if subrequest.cut:
            raise ValueError(f'the answer of the subrequest "{uri.decode(errors="replace")}" is not complete')
        spool, read = subrequest.answer, 0
        while read < spool.size:
            piece = spool.read(read, IN_MEMORY)
            read += len(piece)
            yield piece
    finally:
        subrequest.let_go()


def _question(request: Request, uri: bytes, args: bytes, header_only: bool) -> tuple[Subrequest, asyncio.Future[None]]:
    """A subrequest that is to begin, and what is done when it is over."""
    answered: asyncio.Future[None] = request.stream.worker.loop.create_future()

    def done(subrequest: Subrequest) -> None:
        if not answered.done():
            answered.set_result(None)

    return Subrequest(request, uri, args, done, header_only), answered


def send_copy(request: Request, uri: bytes) -> None:
    """A subrequest with the request's method, arguments and body, in the background: nobody waits for its answer.

    As in nginx it ends with a request whose client leaves before the answer, or whose answer cannot be completed.
    """
    copy = _copy(request, uri, request.args)
    copies = request.stream.worker.copies

    def end() -> None:
        if not request.complete:
            copies.end(copy)

    request.at_end(end)
    copies.begin(copy)


def send_after(request: Request, uri: bytes) -> None:
    """The same when the request is over, without its arguments; what is known of its answer can still be asked."""
    copy = _copy(request, uri, b"")
    copy.started, copy.sent, copy.head_size = request.started, request.sent, request.head_size
    copy.response, copy.error_status, copy.complete = request.response, 0, request.complete
    request.stream.worker.copies.begin(copy)


def _copy(request: Request, uri: bytes, args: bytes) -> Subrequest:
    copy = Subrequest(request, uri, args, request.stream.worker.copies.end, header_only=True)
    copy.method = request.method
    copy.body = request.body.share() if request.body is not None else None
    return copy
