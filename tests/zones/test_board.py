"""Seats at the board."""

from __future__ import annotations

import os

import pytest

from pyproxy.zones import board
from pyproxy.zones.board import Board, Count


def test_what_one_writes_the_others_read() -> None:
    here = Board.shared()
    seat = here.take()
    there = Board.shared(os.dup(here.fd))
    there.seat(seat.place)[Count.ACCEPTS] = 5
    assert here.total(Count.ACCEPTS) == 5
    second = here.take()
    here.seat(second.place)[Count.ACCEPTS] = 7
    assert there.total(Count.ACCEPTS) == 12
    assert there.workers == [seat.worker, second.worker] == [1, 2]


def test_what_the_dead_have_counted_is_kept_and_what_they_had_is_not() -> None:
    numbers = Board.shared()
    seat = numbers.take()
    own = numbers.seat(seat.place)
    own[Count.ACCEPTS], own[Count.REQUESTS], own[Count.ACTIVE] = 5, 6, 8
    assert numbers.ended == 0
    numbers.give_back(seat)
    assert numbers.ended == 1
    assert numbers.workers == []
    assert [numbers.total(count) for count in (Count.ACCEPTS, Count.REQUESTS, Count.ACTIVE)] == [5, 6, 0]
    # the place may be given again, the number is not
    again = numbers.take()
    assert (again.place, again.worker) == (seat.place, seat.worker + 1)
    assert list(numbers.seat(again.place)[1:]) == [0] * 15


def test_a_worker_may_write_anything() -> None:
    numbers = Board.shared()
    for _ in range(3):
        seat = numbers.take()
        numbers.seat(seat.place)[Count.REQUESTS] = (1 << 63) - 1
        numbers.give_back(seat)
    assert numbers.total(Count.REQUESTS) >= 0


def test_there_is_an_end_of_seats(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board, "SEATS", 4)
    numbers = Board.shared()
    for _ in range(3):
        numbers.take()
    with pytest.raises(OSError, match="3 workers"):
        numbers.take()


def test_a_process_of_its_own_has_one() -> None:
    numbers = Board.private()
    numbers.seat(1)[Count.ACCEPTS] = 3
    assert numbers.total(Count.ACCEPTS) == 3
