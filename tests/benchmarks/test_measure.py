"""Rounds, medians and what a load generator's latencies become."""

from __future__ import annotations

import math

import pytest

from benchmarks.load.result import Load, percentile
from benchmarks.measure import Failure, Sample, interleaved, median, spread


def test_rounds_are_interleaved() -> None:
    calls = []

    def measure(case: str, peer: str) -> Sample:
        calls.append(case + peer)
        return {"rate": len(calls)}

    samples, failures = interleaved(["1", "2"], ["A", "B"], 2, measure)
    assert calls == ["1A", "1B", "1A", "1B", "2A", "2B", "2A", "2B"]
    assert samples["1"] == {"A": [{"rate": 1}, {"rate": 3}], "B": [{"rate": 2}, {"rate": 4}]}
    assert not failures


def test_who_fails_leaves_and_the_others_go_on() -> None:
    def measure(case: str, peer: str) -> Sample:
        if peer == "B" and case == "2":
            raise Failure("no answer")
        return {"rate": 1}

    samples, failures = interleaved(["1", "2", "3"], ["A", "B"], 2, measure)
    assert failures == {"B": "2: no answer"}
    assert [list(found) for found in samples.values()] == [["A", "B"], ["A"], ["A"]]


def test_median_forgets_a_spoilt_round() -> None:
    samples = [{"rate": 10.0}, {"rate": 11.0}, {"rate": 500.0}, {}, {"rate": math.nan}]
    assert median(samples, "rate") == 11
    assert math.isnan(median(samples, "p99"))


def test_spread_is_a_part_of_the_median() -> None:
    assert spread([{"rate": value} for value in (90.0, 95.0, 100.0, 105.0, 110.0)], "rate") == pytest.approx(0.1)
    assert math.isnan(spread([{"rate": 1.0}], "rate"))


def test_percentiles_are_values_that_occurred() -> None:
    values = [float(value) for value in range(100, 0, -1)]
    assert (percentile(values, 0.5), percentile(values, 0.99), percentile(values, 1)) == (50, 99, 100)
    assert percentile([3.0], 0.01) == 3
    assert math.isnan(percentile([], 0.5))


def test_a_load_survives_its_way_between_processes() -> None:
    load = Load(10, 0.5, 0.001, 0.002, 1, 2000.0)
    assert Load.from_json(load.to_json()) == load
