"""What a load generator found."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Load:
    """``amount`` requests (messages, bytes) in ``seconds``; latencies in seconds; ``errors`` that should be none.

    ``received``: bytes, heads included, where the generator tells them.
    """

    amount: float
    seconds: float
    p50: float = math.nan
    p99: float = math.nan
    errors: int = 0
    received: float = math.nan

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Load:
        return cls(**json.loads(text))


def percentile(values: Sequence[float], part: float) -> float:
    """The smallest of the values that ``part`` (0 to 1) of them do not exceed; nan if there are none."""
    if not values:
        return math.nan
    return sorted(values)[max(0, math.ceil(part * len(values)) - 1)]
