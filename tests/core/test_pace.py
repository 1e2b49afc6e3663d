"""How many bytes may pass, and when."""

from __future__ import annotations

import pytest

from pyproxy.core import pace
from pyproxy.core.pace import Pace


class Clock:
    now = 1000.0

    def time(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(pace, "time", clock)
    return clock


def test_each_second_has_its_bytes(clock: Clock) -> None:
    limit = Pace(100)
    assert limit.room() == 100
    limit.count(100)
    assert limit.room() == 0
    assert limit.delay() == pytest.approx(1.0, abs=0.01)
    clock.now += 1.01
    assert limit.room() == 100


def test_what_has_passed_takes_its_time(clock: Clock) -> None:
    limit = Pace(100)
    limit.count(50)
    assert limit.room() == 0
    clock.now += 0.51
    assert limit.room() == 50


def test_the_first_bytes_are_free(clock: Clock) -> None:
    limit = Pace(100, 1000)
    limit.count(1000)
    assert limit.room() == 100


def test_what_was_not_used_is_not_lost(clock: Clock) -> None:
    limit = Pace(100)
    clock.now += 5
    assert limit.room() == 600
