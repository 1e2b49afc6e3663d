"""Interleaved rounds, and what remains of them: medians, and ratios between medians of one run."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence

Sample = Mapping[str, float]
"""One measurement: quantities by their names (scenarios/scenario.py)."""

Samples = dict[str, dict[str, list[Sample]]]
"""All measurements of a scenario: by case, by peer, in the order of the rounds."""


class Failure(Exception):
    """A peer that did not do what a scenario asks for."""


def interleaved(
    cases: Iterable[str],
    peers: Sequence[str],
    rounds: int,
    measure: Callable[[str, str], Sample],
    tell: Callable[[str, int, str], None] = lambda case, number, peer: None,
) -> tuple[Samples, dict[str, str]]:
    """Measure every case in rounds A B C, A B C ...; whoever fails leaves, and is told with the reason.

    Whatever else the machine does meanwhile meets all peers alike, and a median forgets a round that it spoilt.
    """
    samples: Samples = {}
    failures: dict[str, str] = {}
    for case in cases:
        found: dict[str, list[Sample]] = {}
        for number in range(1, rounds + 1):
            for peer in peers:
                tell(case, number, peer)
                if peer in failures:
                    continue
                try:
                    found.setdefault(peer, []).append(measure(case, peer))
                except (Failure, RuntimeError, OSError) as error:
                    failures[peer] = f"{case}: {error}"
        samples[case] = {peer: those for peer, those in found.items() if peer not in failures}
    return samples, failures


def median(samples: Sequence[Sample], quantity: str) -> float:
    """The median over the rounds; nan where it was never measured."""
    values = [value for sample in samples if not math.isnan(value := sample.get(quantity, math.nan))]
    return statistics.median(values) if values else math.nan


def spread(samples: Sequence[Sample], quantity: str) -> float:
    """How far the rounds are apart: the interquartile range as a part of the median."""
    values = [value for sample in samples if not math.isnan(value := sample.get(quantity, math.nan))]
    if len(values) < 2 or not statistics.median(values):
        return math.nan
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return (high - low) / statistics.median(values)
