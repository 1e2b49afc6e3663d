"""Writes what a reader sees: tables and charts beside the results, and the page docs/benchmarks.md."""

from __future__ import annotations

import re
from pathlib import Path

from .charts import draw_all
from .lab import REPOSITORY
from .report import markdown, read_all
from .story import charts as story_charts
from .story import report as story_report

RESULTS = REPOSITORY / "benchmarks" / "results"
PAGE = REPOSITORY / "docs" / "benchmarks.md"
PLACE = re.compile(r"(?<=<!-- results -->\n).*(?=<!-- end -->)", re.DOTALL)


def publish(folder: Path) -> None:
    """From the JSON files of a folder; the documentation shows those of benchmarks/results."""
    outcomes = read_all(folder)
    draw_all(outcomes, folder)
    story_charts.draw_all(folder)
    (folder / "results.md").write_text(tables(folder, ""))
    if folder.resolve() == RESULTS:
        PAGE.write_text(page(PAGE.read_text()))


def tables(folder: Path, charts: str) -> str:
    """All tables with links to the charts, whose folder is ``charts`` as seen from the page."""
    speed = "## Speed\n\n" + markdown(read_all(folder), charts) if read_all(folder) else ""
    return "\n".join(part for part in (speed, story_report.markdown(folder, charts)) if part)


def page(text: str) -> str:
    """The documentation with the committed results at their place."""
    return PLACE.sub(lambda _: "\n" + tables(RESULTS, "../benchmarks/results/") + "\n", text)
