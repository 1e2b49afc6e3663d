"""The access phase: every handler must agree (``satisfy all``), or one (``satisfy any``)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TYPE_CHECKING

from pyproxy.core.logs.log import ERROR, INFO
from pyproxy.core.outcome import GRANTED, Handler, Outcome, Refusal

if TYPE_CHECKING:
    from pyproxy.core.request import Request

UNAUTHORIZED = (401, 407)
"""The refusals that ask for other credentials: they may be delayed, and go before a plain 403."""


class AccessPhase:
    """All access handlers of one location as one."""

    def __init__(self, handlers: tuple[Handler, ...], any_suffices: bool, delay: float) -> None:
        """``delay``: seconds that a client waits for being told that its credentials are no good."""
        self._handlers = handlers
        self._any = any_suffices
        self._delay = delay

    def __call__(self, request: Request) -> Outcome:
        """Subrequests are not asked: what they are part of was."""
        return self._ask(request, 0, None) if request.is_main else None

    def _ask(self, request: Request, index: int, refused: Refusal | None) -> Outcome:
        for position in range(index, len(self._handlers)):
            outcome = self._handlers[position](request)
            if isinstance(outcome, Awaitable):
                return self._wait(request, outcome, position + 1, refused)
            if outcome is None:
                continue
            if outcome is GRANTED:
                if self._any:
                    return None
                continue
            if outcome is True:
                return outcome
            refusal = outcome if isinstance(outcome, Refusal) else Refusal(outcome)
            if not self._any or refusal.status not in (403, *UNAUTHORIZED):
                return self._refuse(request, refusal)
            if refused is None or refused.status == 403:
                refused = refusal
        if refused is None:
            return None
        if refused.status == 403:
            request.complain(ERROR, "access forbidden by rule")
        return self._refuse(request, refused)

    async def _wait(
        self, request: Request, outcome: Awaitable[Outcome], index: int, refused: Refusal | None
    ) -> Outcome:
        result = await outcome
        decided = AccessPhase((lambda request: result, *self._handlers[index:]), self._any, self._delay)
        return None if request.finished else decided._ask(request, 0, refused)

    def _refuse(self, request: Request, refusal: Refusal) -> Outcome:
        if self._delay and refusal.status in UNAUTHORIZED:
            request.complain(INFO, "delaying unauthorized request")
            return self._later(refusal)
        return refusal

    async def _later(self, refusal: Refusal) -> Outcome:
        await asyncio.sleep(self._delay)
        return refusal
