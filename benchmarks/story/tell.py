"""Plays acts: every cell once a round, direct, nginx, pyproxy in turn."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.progress import Progress

from benchmarks import machine
from benchmarks.lab import Extent, Lab
from benchmarks.peers.peer import Peer

from .acts import ACTS, Act
from .fronts import FRONTS, Fronts
from .tale import Cell, Tale


def tell(
    acts: Sequence[str], lab: Lab, folder: Path, extent: Extent, peers: Sequence[Peer], progress: Progress
) -> None:
    """Play the acts and write what they found. Raises RuntimeError if an application does not start."""
    fronts = Fronts(lab, peers)
    for name in acts:
        act = ACTS[name]
        cells = play(act, lab, fronts, extent, progress)
        versions = {peer.name: peer.version() for peer in peers if peer.name in fronts.names}
        absent = [front for front in FRONTS if front not in fronts.names]
        seconds = act.seconds[extent.everyone]
        Tale(name, cells, absent, versions, machine.description(), seconds).write(folder)


def play(act: Act, lab: Lab, fronts: Fronts, extent: Extent, progress: Progress) -> list[Cell]:
    """Measure all cells of an act."""
    rounds = extent.story_rounds
    cells = [
        Cell(server.title, front, count) for server in act.servers for count in act.counts for front in fronts.names
    ]
    servers = {server.title: server for server in act.servers}
    task = progress.add_task(act.name, total=rounds * len(cells))
    for number in range(1, rounds + 1):
        for cell in cells:
            told = f"{act.name}: {cell.server}, {cell.clients} clients, {cell.front}, round {number}"
            progress.update(task, description=told)
            tally = act.play(lab, fronts, servers[cell.server], cell.front, cell.clients, act.seconds[extent.everyone])
            cell.rounds.append(tally)
            progress.update(task, advance=1)
            said = ", ".join(f"{count} × {status}" for status, count in tally.statuses.items())
            progress.console.print(f"  {told}: {said}; {tally.rate:.0f} answered/s", highlight=False, soft_wrap=True)
    return cells
