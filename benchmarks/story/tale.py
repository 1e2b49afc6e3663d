"""What an act found, and its file."""

from __future__ import annotations

import json
import math
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from .clients import Tally


@dataclass
class Cell:
    """One way to run the application, one front, so many clients; a tally for each round."""

    server: str
    front: str
    clients: int
    rounds: list[Tally] = field(default_factory=list)

    def statuses(self) -> dict[str, int]:
        """Of all rounds together."""
        total: Counter[str] = Counter()
        for tally in self.rounds:
            total.update(tally.statuses)
        return dict(total)

    def median(self, quantity: str) -> float:
        """Of rate, p50 or p99; nan if nothing was answered."""
        values = [value for tally in self.rounds if (value := getattr(tally, quantity)) is not None]
        return statistics.median(values) if values else math.nan


@dataclass
class Tale:
    """One act."""

    act: str
    cells: list[Cell]
    absent: list[str]
    """Fronts that were not there."""
    versions: dict[str, str]
    machine: dict[str, str]
    seconds: float
    """The bound of one cell."""
    date: str = field(default_factory=lambda: datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"))

    def cell(self, server: str, front: str, clients: int) -> Cell | None:
        return next((c for c in self.cells if (c.server, c.front, c.clients) == (server, front, clients)), None)

    def servers(self) -> Sequence[str]:
        return list(dict.fromkeys(cell.server for cell in self.cells))

    def counts(self) -> Sequence[int]:
        return list(dict.fromkeys(cell.clients for cell in self.cells))

    def write(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"story-{self.act}.json").write_text(json.dumps(asdict(self), indent=1) + "\n")

    @classmethod
    def read(cls, folder: Path, act: str) -> Tale | None:
        """None if the act was never played."""
        file = folder / f"story-{act}.json"
        if not file.exists():
            return None
        data = json.loads(file.read_text())
        cells = [Cell(**{**c, "rounds": [Tally(**t) for t in c["rounds"]]}) for c in data.pop("cells")]
        return cls(cells=cells, **data)
