"""From canned measurements to tables, charts and the documentation."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from benchmarks import publish
from benchmarks.charts import draw_all
from benchmarks.marks import MARKS, Mark, speed
from benchmarks.measure import Samples
from benchmarks.outcome import Outcome
from benchmarks.report import marks_table, notes, read_all, scenario_table, table, verdict
from benchmarks.scenarios.all import SCENARIOS
from benchmarks.scenarios.small import Small

SAMPLES: Samples = {
    "repeating": {
        "pyproxy": [{"rate": rate, "cpu": 2e-5, "p50": 0.001, "busy": 1.0, "errors": 0} for rate in (850, 900, 100)],
        "nginx": [{"rate": 1000.0, "cpu": 1.8e-5, "p50": 0.001, "busy": 0.99, "errors": 0}] * 3,
        "caddy": [{"rate": 250.0, "cpu": 8e-5, "p50": 0.004, "busy": 1.0, "errors": 2}] * 3,
    }
}


@pytest.fixture
def outcome() -> Outcome:
    return Outcome("small", SAMPLES, {"twisted": "small: no answer\nand more"}, {"mitmproxy": "make bench-peers"})


def test_medians_and_ratios(outcome: Outcome) -> None:
    lines = scenario_table(Small(), outcome).splitlines()
    assert lines[2] == "| repeating | pyproxy | 850 | 0.20 | 1.00 | – | 100 | 0.85 |"
    assert lines[3].endswith("| 1.00 |")


def test_requests_that_failed_are_shown(outcome: Outcome) -> None:
    assert "| 250 (6 errors) |" in scenario_table(Small(), outcome)


def test_who_is_absent_is_told_and_why(outcome: Outcome) -> None:
    said = notes(outcome)
    assert "twisted is not there: it failed (small: no answer)." in said
    assert "mitmproxy was not installed: make bench-peers." in said


def test_a_mark_reached_one_missed_and_one_not_measured(outcome: Outcome) -> None:
    lines = marks_table({"small": outcome}).splitlines()
    assert "| ≥ 0.8 of nginx | 0.85 | yes |" in lines[2]
    assert lines[3].endswith("| – | not measured |")
    mark = Mark("small", "repeating", "", speed("repeating"), 0.9, why_not="the reason")
    assert verdict(mark, mark.value(outcome)) == "**no**: the reason"


def test_a_mark_that_is_just_missed_is_not_rounded_up() -> None:
    samples: Samples = {
        "repeating": {
            "pyproxy": [{"rate": 799.0, "cpu": 2e-5, "busy": 1.0}],
            "nginx": [{"rate": 1000.0, "cpu": 1.8e-5, "busy": 1.0}],
        }
    }
    assert "| 0.799 | **no**" in marks_table({"small": Outcome("small", samples)})


def test_a_slow_load_generator_makes_nobody_look_better() -> None:
    def both(rate: float, busy: float) -> Outcome:
        ours, theirs = {"rate": 900.0, "cpu": 2e-5, "busy": 1.0}, {"rate": rate, "cpu": 1e-5, "busy": busy}
        return Outcome("small", {"repeating": {"pyproxy": [ours], "nginx": [theirs]}})

    value = speed("repeating")
    assert value(both(1000, 0.95)) == pytest.approx(0.9)
    assert value(both(1000, 0.5)) == pytest.approx(0.5)
    assert value(both(9000, 0.5)) == pytest.approx(0.1)


def test_every_mark_is_of_a_case_that_is_measured() -> None:
    for mark in MARKS:
        assert mark.case in SCENARIOS[mark.scenario].cases or mark.case == "32 to 2000"
        assert math.isnan(mark.value(Outcome(mark.scenario, {})))


def test_results_come_back_from_their_file(outcome: Outcome, tmp_path: Path) -> None:
    outcome.samples["repeating"]["nginx"] = [{"rate": 1000.0, "p99": math.nan}]
    outcome.write(tmp_path)
    read = read_all(tmp_path)["small"]
    assert read.median("repeating", "pyproxy", "rate") == 850
    assert math.isnan(read.median("repeating", "nginx", "p99"))
    assert (read.failures, read.missing, read.date) == (outcome.failures, outcome.missing, outcome.date)


def test_charts_as_svg_and_png_always_the_same(outcome: Outcome, tmp_path: Path) -> None:
    draw_all({"small": outcome}, tmp_path / "one")
    draw_all({"small": outcome}, tmp_path / "two")
    for name in ("small", "marks"):
        assert (tmp_path / "one" / f"{name}.png").stat().st_size > 1000
        assert (tmp_path / "one" / f"{name}.svg").read_bytes() == (tmp_path / "two" / f"{name}.svg").read_bytes()


def test_a_cell_cannot_end_a_table_row() -> None:
    assert table(["a"], [["b|c"]]).splitlines()[2] == "| b\\|c |"


def test_the_documentation_shows_the_committed_results() -> None:
    text = publish.PAGE.read_text()
    assert publish.PLACE.search(text), "docs/benchmarks.md has lost its place for the results"
    assert text == publish.page(text), "update it with `python -m benchmarks report`"
