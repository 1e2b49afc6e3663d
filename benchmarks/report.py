"""Outcomes as Markdown: the table of marks, and a table for each scenario."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from .marks import MARKS, Mark
from .outcome import Outcome
from .scenarios.all import SCENARIOS
from .scenarios.scenario import Column, Scenario

YARDSTICK = "nginx"
NUMBER = re.compile(r"–|[\d,.]+( \(\d+ errors\))?")


def read_all(folder: Path) -> dict[str, Outcome]:
    """Every scenario that was run into this folder, in the order of the marks."""
    found = ((name, Outcome.read(folder, name)) for name in SCENARIOS)
    return {name: outcome for name, outcome in found if outcome}


def markdown(outcomes: Mapping[str, Outcome], charts: str = "") -> str:
    """Everything; ``charts`` is the folder of the charts as a link from the page, with its slash."""
    parts = ["### Marks", "", marks_table(outcomes), "", f"![pyproxy's marks]({charts}marks.svg)"]
    for name, outcome in outcomes.items():
        scenario = SCENARIOS[name]
        parts += ["", f"### {scenario.title}", "", scenario_table(scenario, outcome), "", notes(outcome)]
        parts += ["", f"![{scenario.title}]({charts}{name}.svg)"]
    return "\n".join(parts) + "\n"


def marks_table(outcomes: Mapping[str, Outcome]) -> str:
    """What was to be reached, and what was."""
    rows = []
    for mark in MARKS:
        outcome = outcomes.get(mark.scenario)
        value = mark.value(outcome) if outcome else math.nan
        rows.append(
            [SCENARIOS[mark.scenario].title, mark.case, mark.text, _measured(mark, value), verdict(mark, value)]
        )
    return table(["scenario", "case", "mark", "measured", "reached"], rows)


def _measured(mark: Mark, value: float) -> str:
    """With as many digits as it takes to see that a mark is missed."""
    digits = 2
    while mark.reached(value) is False and mark.reached(round(value, digits)):
        digits += 1
    return number(value, digits)


def verdict(mark: Mark, value: float) -> str:
    reached = mark.reached(value)
    if reached is None:
        return "not measured"
    if reached:
        return "yes"
    return f"**no**: {mark.why_not}" if mark.why_not else "**no**"


def scenario_table(scenario: Scenario, outcome: Outcome) -> str:
    """One row for each case and peer: medians, and the first column as a multiple of nginx's."""
    rows = [
        [case, peer, *_cells(scenario, outcome, case, peer)]
        for case, found in outcome.samples.items()
        for peer in found
    ]
    first = scenario.columns[0]
    return table(["case", "server", *(c.title for c in scenario.columns), f"{first.title}, of nginx"], rows)


def _cells(scenario: Scenario, outcome: Outcome, case: str, peer: str) -> list[str]:
    def shown(column: Column) -> str:
        return number(outcome.median(case, peer, column.quantity) * column.scale, column.digits)

    ratio = outcome.ratio(case, peer, YARDSTICK, scenario.columns[0].quantity)
    failed = outcome.errors(case, peer)
    name = f" ({failed} errors)" if failed else ""
    first, *others = map(shown, scenario.columns)
    return [first + name, *others, number(ratio, 2)]


def notes(outcome: Outcome) -> str:
    """Where the figures come from, and who is not among them."""
    versions = ", ".join(f"{peer} {version}" for peer, version in outcome.versions.items())
    machine = f"{outcome.machine.get('cores')} cores of {outcome.machine.get('processor')}"
    lines = [
        f"{outcome.date}: medians of {outcome.rounds} interleaved rounds of {outcome.seconds:g} s. {versions}. "
        f"{machine}, {outcome.machine.get('system')}, Python {outcome.machine.get('python')}."
    ]
    lines += [f"{peer} is not there: it {_first_line(why)}" for peer, why in outcome.failures.items()]
    lines += [f"{peer} was not installed: {how}." for peer, how in outcome.missing.items()]
    return "\n".join(lines)


def _first_line(text: str) -> str:
    return "failed (" + text.strip().partition("\n")[0][:200] + ")."


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; cells that are numbers go to the right."""
    right = [bool(rows) and all(NUMBER.fullmatch(row[i]) for row in rows) for i in range(len(head))]
    lines = [head, ["---:" if r else "---" for r in right], *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def number(value: float, digits: int) -> str:
    """A figure for a reader: thousands with commas, a dash for none."""
    return "–" if math.isnan(value) else f"{value:,.{digits}f}"
