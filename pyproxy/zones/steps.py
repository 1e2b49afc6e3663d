"""Work that is done at once where its zones are near, and awaited where one is remote: written once for both."""

from __future__ import annotations

from collections.abc import Awaitable, Coroutine, Generator
from typing import Any, TypeVar

from pyproxy.zones.store import ZoneAbsent

Result = TypeVar("Result")
Steps = Generator[Awaitable[int], int, Result]
"""Calls ``Store.update``, and yields what it returns where that is no number but something to await."""


def take(steps: Steps[Result]) -> Result | Coroutine[Any, Any, Result]:
    """Do the work; something to await if a zone has to be waited for."""
    try:
        waiting = next(steps)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]
    return _go_on(steps, waiting)


async def _go_on(steps: Steps[Result], waiting: Awaitable[int]) -> Result:
    try:
        while True:
            try:
                result = await waiting
            except ZoneAbsent as error:
                waiting = steps.throw(error)
            else:
                waiting = steps.send(result)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]
