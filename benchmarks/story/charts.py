"""The story as charts: for each cell a bar, divided by what became of the requests."""

from __future__ import annotations

import math
from pathlib import Path

from benchmarks.charts import BAR, new_figure, save

from .clients import CLOSED, NO_ANSWER, OK, REFUSED
from .fronts import FRONTS
from .report import TITLES, read_all
from .tale import Cell, Tale

COLOURS = {
    OK: "#2f6f4f",
    "502": "#d1495b",
    "503": "#e08e45",
    "504": "#edae49",
    REFUSED: "#6b4c6e",
    CLOSED: "#8d6ba8",
    NO_ANSWER: "#b5b5b5",
}
OTHER = "#444444"


def draw_all(folder: Path) -> None:
    for name, tale in read_all(folder).items():
        draw(tale, folder, name)


def draw(tale: Tale, folder: Path, name: str) -> None:
    """Parts of all requests of a cell, in percent; beside it how many were answered a second."""
    cells = [
        cell
        for server in tale.servers()
        for count in tale.counts()
        for front in FRONTS
        if (cell := tale.cell(server, front, count))
    ]
    figure = new_figure(9, 1.2 + BAR * (len(cells) + len(tale.servers())))
    axes = figure.subplots()
    labels, position, last = [], 0.0, ""
    shown: dict[str, str] = {}
    for cell in cells:
        if cell.server != last:
            axes.text(0, position, cell.server, size=8, weight="bold", va="center")
            position, last = position + 1, cell.server
        statuses, left = cell.statuses(), 0.0
        total = sum(statuses.values()) or 1
        for status in sorted(statuses, key=lambda s: [*COLOURS].index(s) if s in COLOURS else len(COLOURS)):
            colour = COLOURS.get(status, OTHER)
            label = None if status in shown else shown.setdefault(status, status)
            axes.barh(position, 100 * statuses[status] / total, 0.85, left=left, color=colour, label=label)
            left += 100 * statuses[status] / total
        axes.text(100, position, _figures(cell), size=7, va="center")
        labels.append((position, f"{cell.clients} {'clients' if cell.clients > 1 else 'client'}, {cell.front}"))
        position += 1
    axes.set_yticks([at for at, _ in labels], [label for _, label in labels], size=7)
    axes.set_ylim(position - 0.4, -0.6)
    axes.set_xlim(0, 118)
    axes.set_xlabel("requests, %; how many were answered a second, and their p50")
    axes.set_title(TITLES[name])
    figure.legend(loc="outside lower center", ncols=len(shown) or 1, frameon=False, fontsize=8)
    save(figure, folder, f"story-{name}")


def _figures(cell: Cell) -> str:
    p50 = cell.median("p50")
    return f" {cell.median('rate'):,.0f}/s" + ("" if math.isnan(p50) else f", {p50 * 1e3:,.0f} ms")
