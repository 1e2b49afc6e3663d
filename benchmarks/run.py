"""Runs scenarios: who takes part, the rounds, and what came of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from . import machine
from .lab import Extent, Lab
from .measure import interleaved
from .outcome import Outcome
from .peers.peer import Peer
from .scenarios.scenario import Scenario

Tell = Callable[[str, int, str], None]
"""Told the case, the number of the round and the peer before every measurement."""


def run(scenario: Scenario, lab: Lab, peers: Sequence[Peer], extent: Extent, tell: Tell) -> Outcome:
    """Measure one scenario on all peers that it takes and that are on this machine."""
    wanted = [peer for peer in peers if scenario.takes(peer, extent)]
    present = [peer for peer in wanted if peer.program()]
    with scenario.prepared(lab, present, extent.seconds) as (measure, absent):
        able = [peer.name for peer in present if peer.name not in absent]
        samples, failures = interleaved(scenario.cases, able, extent.rounds, measure, tell)
    return Outcome(
        scenario.name,
        samples,
        failures={**absent, **failures},
        missing={peer.name: peer.install for peer in wanted if peer not in present},
        versions={peer.name: peer.version() for peer in present},
        machine=machine.description(),
        rounds=extent.rounds,
        seconds=extent.seconds,
    )


def steps(scenario: Scenario, peers: Sequence[Peer], extent: Extent) -> int:
    """How many measurements that will be."""
    taking = sum(1 for peer in peers if scenario.takes(peer, extent) and peer.program())
    return math.prod((len(scenario.cases), taking, extent.rounds))
