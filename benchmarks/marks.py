"""The marks of the issue, as data: what pyproxy is to reach beside others in one run."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .outcome import Outcome
from .scenarios.connections import COUNTS

SATURATED = 0.9
"""The part of its core that a server uses at least when it is itself the limit."""


@dataclass(frozen=True)
class Mark:
    """A claim on one case."""

    scenario: str
    case: str
    text: str
    value: Callable[[Outcome], float]
    limit: float
    most: bool = False
    """Whether the limit is the most there may be; else it is the least."""
    why_not: str = ""
    """Why it is not reached, where that is known."""

    def reached(self, value: float) -> bool | None:
        """None if it was not measured."""
        if math.isnan(value):
            return None
        return value <= self.limit if self.most else value >= self.limit


def speed(case: str, other: str = "nginx") -> Callable[[Outcome], float]:
    """How much work is done as a multiple of the other's.

    Requests per second say it where both use up their core. Where the other does not (the load generator or the
    upstream is the limit), it could do more than it shows; then its CPU time per request counts if that says less.
    """

    def value(outcome: Outcome) -> float:
        by_rate = outcome.ratio(case, "pyproxy", other, "rate")
        if outcome.median(case, other, "busy") >= SATURATED:
            return by_rate
        by_cpu = outcome.ratio(case, other, "pyproxy", "cpu")
        return min(by_rate, by_cpu) if not math.isnan(by_cpu) else by_rate

    return value


def quantity(case: str, name: str, other: str = "", scale: float = 1) -> Callable[[Outcome], float]:
    """A quantity of pyproxy's, alone or as a multiple of the other's."""

    def value(outcome: Outcome) -> float:
        if other:
            return outcome.ratio(case, "pyproxy", other, name)
        return outcome.median(case, "pyproxy", name) * scale

    return value


def steadiness(outcome: Outcome) -> float:
    """The ratio to nginx on most connections, as a multiple of the one on the fewest that keep a server busy."""
    few, *_, many = (str(count) for count in COUNTS[1:])
    return speed(many)(outcome) / speed(few)(outcome)


def _speeds(scenario: str, least: Mapping[str, float], what: str = "of nginx") -> list[Mark]:
    return [
        Mark(scenario, case, f"≥ {limit:g} {what}", speed(case), limit, why_not=WHY_NOT.get((scenario, case), ""))
        for case, limit in least.items()
    ]


WHY_NOT: Mapping[tuple[str, str], str] = {
    ("small", "repeating"): "at the mark: runs give 0.77 to 0.91, by what else the machine does",
    ("small", "varying"): "13 µs of Python for a head never seen, spread over 45 calls (docs/performance.md)",
    ("browser", "varying"): "the same, and fifteen fields instead of six",
    ("large-file", "down"): "as fast as nginx but for noise: other runs give 0.94 to 1.04",
    ("new-connections", "close"): "Python makes twenty objects for a connection; the sockets cost what they cost nginx",
    ("connections", "32 paced"): "no pause is longer than 0.2 ms; each callback takes 15 to 40 µs when caches are cold",
    ("connections", "32 to 2000"): "each connection's objects leave the processor's cache; nginx's are smaller",
}
"""The reason, by scenario and case, where a mark is known not to be reached."""

MARKS: tuple[Mark, ...] = (
    *_speeds("small", {"repeating": 0.8, "varying": 0.55}),
    Mark("small", "repeating", "≥ 6 × a plain aiohttp proxy", speed("repeating", "aiohttp"), 6),
    Mark("small", "repeating", "≥ 2.5 × Caddy", speed("repeating", "caddy"), 2.5),
    Mark(
        "connections",
        "32 to 2000",
        "the ratio to nginx does not fall (≥ 0.95 of itself: noise)",
        steadiness,
        0.95,
        why_not=WHY_NOT["connections", "32 to 2000"],
    ),
    *(
        Mark(
            "connections",
            f"{count} paced",
            "p99 ≤ 2 × nginx's",
            quantity(f"{count} paced", "p99", "nginx"),
            2,
            True,
            WHY_NOT.get(("connections", f"{count} paced"), ""),
        )
        for count in COUNTS[1:]
    ),
    *_speeds("browser", {"repeating": 0.6, "varying": 0.6}),
    *_speeds("static", {"1 KB": 0.7, "10 KB": 0.7}),
    *_speeds("large-file", {"down": 1.0}),
    *_speeds("large", {"down": 1.0, "up, streamed": 1.0, "up, buffered": 1.0}),
    *_speeds("websocket", {"64 B": 0.6, "64 KB": 0.6}),
    *_speeds("new-connections", {"close": 0.5}),
    Mark("idle", "kept", "≤ 8 KiB a connection", quantity("kept", "memory", scale=1 / 1024), 8, True),
    Mark("start", "-V", "`-V` under 60 ms", quantity("-V", "seconds", scale=1e3), 60, True),
)
