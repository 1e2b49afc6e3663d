"""What a scenario's run found, and its file."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from .measure import Samples, median, spread


@dataclass
class Outcome:
    """Everything that tables and charts are made of."""

    scenario: str
    samples: Samples
    failures: dict[str, str] = field(default_factory=dict)
    """Who did not get to the end, and why."""
    missing: dict[str, str] = field(default_factory=dict)
    """Who was not on the machine, and how to install it."""
    versions: dict[str, str] = field(default_factory=dict)
    machine: dict[str, str] = field(default_factory=dict)
    rounds: int = 0
    seconds: float = 0
    date: str = field(default_factory=lambda: datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"))

    def median(self, case: str, peer: str, quantity: str) -> float:
        """nan if there is none."""
        return median(self.samples.get(case, {}).get(peer, ()), quantity)

    def spread(self, case: str, peer: str, quantity: str) -> float:
        return spread(self.samples.get(case, {}).get(peer, ()), quantity)

    def ratio(self, case: str, peer: str, other: str, quantity: str) -> float:
        """The peer's median as a multiple of the other's."""
        below = self.median(case, other, quantity)
        return self.median(case, peer, quantity) / below if below else math.nan

    def peers(self) -> list[str]:
        """Everybody who was measured, in the order of the tables."""
        return list(dict.fromkeys(peer for found in self.samples.values() for peer in found))

    def errors(self, case: str, peer: str) -> int:
        """Requests that failed, over all rounds."""
        return int(sum(sample.get("errors", 0) for sample in self.samples.get(case, {}).get(peer, ())))

    def write(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        # nan is not JSON: a quantity that was not measured is left out.
        data = asdict(self)
        data["samples"] = {
            case: {
                peer: [
                    {name: _short(value) for name, value in sample.items() if not math.isnan(value)} for sample in those
                ]
                for peer, those in found.items()
            }
            for case, found in self.samples.items()
        }
        (folder / f"{self.scenario}.json").write_text(json.dumps(data, indent=1) + "\n")

    @classmethod
    def read(cls, folder: Path, scenario: str) -> Outcome | None:
        """The outcome in the folder; None if it was never run."""
        file = folder / f"{scenario}.json"
        return cls(**json.loads(file.read_text())) if file.exists() else None


def _short(value: float) -> float:
    return float(f"{value:.6g}")
