"""The event loop of a process: which one it is, what becomes of its faults, and work that an event may end."""

from __future__ import annotations

import asyncio
import errno
import traceback
from collections.abc import Callable, Coroutine
from typing import Any

from pyproxy.core.logs.log import ALERT, CRIT

Tell = Callable[[int, str], None]
"""Takes a level of the error log and a message of one or more lines."""


def event_loop() -> Callable[[], asyncio.AbstractEventLoop]:
    """uvloop where there is one (not on Windows)."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop


def report_faults(loop: asyncio.AbstractEventLoop, tell: Tell) -> None:
    """Have faults of ours in callbacks and tasks told where the operator looks."""

    def report(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE):
            tell(CRIT, f"accept() failed ({error.errno}: {error.strerror})")  # asyncio goes on a second later
        else:
            fault(tell, context["message"], error)

    loop.set_exception_handler(report)


def fault(tell: Tell, message: str, error: BaseException | None) -> None:
    """Tell of one."""
    trace = "".join(traceback.format_exception(error)) if error is not None else ""
    tell(ALERT, f"{message}\n{trace}")


async def unless(event: asyncio.Event, work: Coroutine[Any, Any, object]) -> None:
    """Do the work; give it up if the event comes, or has come, before it is done."""
    task, waiting = asyncio.ensure_future(work), asyncio.ensure_future(event.wait())
    try:
        await asyncio.wait((task, waiting), return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
        task.cancel()  # does nothing to a task that is done
    await asyncio.wait((task,))
    if not task.cancelled():
        task.result()
