"""More connections than ``worker_connections``: kept ones that wait make room, else whoever comes is turned away."""

from __future__ import annotations

from heapq import nsmallest
from typing import TYPE_CHECKING

from pyproxy.core.logs.log import ALERT, WARN

if TYPE_CHECKING:
    from pyproxy.core.worker import Worker
    from pyproxy.http1.connection import ClientConnection

AT_ONCE = 32
"""Kept connections that are closed together, as in nginx: not everybody who comes looks through all of them."""
TELL_EVERY = 1.0
"""Seconds between two lines that tell of it."""


def make_room(worker: Worker, newcomer: ClientConnection) -> None:
    """Keep to the limit, and tell the operator."""
    log = newcomer.listener.names.default.default_location.error_log
    kind = type(newcomer)
    idle = [each for each in worker.watched if isinstance(each, kind) and each.idle]
    count = f"{worker.connections:.0f} worker_connections are not enough"
    if idle:
        if (now := worker.now()) >= worker.crowded + TELL_EVERY:
            worker.crowded = now
            log.write(WARN, f"{count}, reusing connections")
        # the clock does not tell apart what happens in one turn of the loop
        oldest = nsmallest(min(AT_ONCE, max(1, len(idle) // 8)), idle, key=lambda each: (each.deadline, each.serial))
        for connection in oldest:
            connection.close()
    else:
        log.write(ALERT, count)
        worker.counters.refused()
        newcomer.refuse()
