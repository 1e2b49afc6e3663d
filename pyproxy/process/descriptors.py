"""File descriptors: every connection takes one, and the usual limit is far below what the system allows."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource

from pyproxy.core.logs.log import CRIT
from pyproxy.process.loop import Tell

RESERVE = 64
"""Descriptors that are not for connections: files, logs, what Python opens."""
LOOK = 1.0
"""Seconds between two looks whether there is a descriptor left."""


def allow_many(count: int | None = None) -> None:
    """Allow this process so many open files; None: as many as it may have without rights."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = (hard, hard) if count is None else (count, count if os.geteuid() == 0 else hard)
    with contextlib.suppress(OSError, ValueError):  # macOS says "infinity" and means less
        resource.setrlimit(resource.RLIMIT_NOFILE, wanted)


def connections(configured: int | None) -> int:
    """How many a process may have: as configured, or as there are descriptors for."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return configured or max(files - RESERVE, files // 2)


async def tell_when_out(tell: Tell) -> None:
    """Tell when there is no descriptor left. uvloop then closes whoever connects, without a word."""
    while True:
        await asyncio.sleep(LOOK)
        try:
            os.close(os.dup(2))
        except OSError as error:
            tell(CRIT, f"accept() failed ({error.errno}: {error.strerror})")
