"""What everything in one worker process shares: the event loop, its deadlines, its background tasks."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Coroutine
from math import inf
from typing import Any, Protocol

from pyproxy.core.copies import Copies
from pyproxy.core.counters import Counters
from pyproxy.zones.board import Board


class Watched(Protocol):
    """Something with a deadline, in seconds of the loop's clock; ``inf`` for none."""

    deadline: float

    def deadline_passed(self) -> None: ...


class Worker:
    """One worker's loop and clock.

    A connection sets a deadline by writing an attribute; one tick looks at all of them. That is
    cheaper than a timer per request, and no later than ``tick`` seconds.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, tick: float = 1.0, counters: Counters | None = None) -> None:
        self.loop = loop
        self.now = loop.time
        self.tick = tick
        self.watched: set[Watched] = set()
        """Every connection, those to upstreams too."""
        self.connections = inf
        """As many there may be (``worker_connections``)."""
        self.crowded = -inf
        """When it was last told that they are not enough."""
        self.serials = itertools.count(1)
        self.counters = counters or Counters(Board.private())
        self.copies = Copies(loop)
        self.tasks: set[asyncio.Task[Any]] = set()
        self._timer = loop.call_later(tick, self._check)

    def _check(self) -> None:
        self._timer = self.loop.call_later(self.tick, self._check)
        now = self.now()
        for watched in [watched for watched in self.watched if watched.deadline < now]:
            if watched.deadline >= now:
                continue  # one of the others has seen to it
            watched.deadline = inf
            try:
                watched.deadline_passed()
            except Exception as error:
                # one that fails must not keep the others waiting
                self.loop.call_exception_handler({"message": "a deadline could not be handled", "exception": error})

    def spawn(self, coroutine: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run off the hot path. The worker keeps the task alive; its failure goes to the loop's exception handler."""
        task = self.loop.create_task(coroutine)
        self.tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self.tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            self.loop.call_exception_handler({"message": "a background task failed", "exception": error, "task": task})

    def close(self) -> None:
        """Stop the clock and cancel what still runs."""
        self._timer.cancel()
        for task in self.tasks:
            task.cancel()
