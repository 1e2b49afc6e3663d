"""How fast bytes may pass: nginx's way to count for ``limit_rate`` and ``proxy_limit_rate``."""

from __future__ import annotations

import time


class Pace:
    """So many bytes per second since now, after the first ``after`` that are free.

    Whole seconds count, and the first one from its beginning, as in nginx.
    """

    __slots__ = ("_after", "_next", "_passed", "_start", "rate")

    def __init__(self, rate: int, after: int = 0) -> None:
        self.rate = rate
        self._after = after
        self._start = int(time.time())
        self._passed = 0
        self._next = 0.0

    def room(self) -> int:
        """Bytes that may pass at this moment; 0 if none."""
        now = time.time()
        if now < self._next:
            return 0
        return max(0, self.rate * (int(now) - self._start + 1) - (self._passed - self._after))

    def count(self, size: int) -> None:
        """``size`` bytes have passed: they take their time before the next may."""
        before, self._passed = self._passed, self._passed + size
        self._next = time.time() + (max(0, self._passed - self._after) - max(0, before - self._after)) / self.rate

    def delay(self) -> float:
        """Seconds until there is room."""
        now = time.time()
        missing = self._passed - self._after - self.rate * (int(now) - self._start + 1)
        return max(0.001, self._next - now, (missing / self.rate + 0.001) if missing >= 0 else 0.0)
