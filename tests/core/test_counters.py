"""What a worker counts, and what others see of it."""

from __future__ import annotations

from pyproxy.core.counters import Counters
from pyproxy.zones.board import Board


class Connection:
    def __init__(self, counters: Counters) -> None:
        self.requests = 0
        self.reading = self.writing = False
        self._counters = counters
        counters.opened(self)

    def close(self) -> None:
        self._counters.closed(self)


def workers() -> tuple[Counters, Counters]:
    board = Board.shared()
    return Counters(board, board.take().place), Counters(board, board.take().place)


def test_a_worker_knows_its_own_at_once() -> None:
    here, _ = workers()
    first, second, third = (Connection(here) for _ in range(3))
    first.requests, first.writing = 5, True
    second.reading = True
    assert here.totals() == (3, 3, 3, 6, 1, 1)
    assert here.totals().waiting == 1
    third.close()
    first.close()
    first.close()
    assert here.totals() == (1, 3, 3, 6, 1, 0)
    assert here.active == 1


def test_the_others_know_what_is_published() -> None:
    here, there = workers()
    first, second = Connection(here), Connection(there)
    first.requests, first.writing = 5, True
    second.requests = 2
    assert there.totals() == (2, 2, 2, 2, 0, 0)
    here.publish()
    assert there.totals() == (2, 2, 2, 7, 0, 1)
    # nothing is counted twice
    first.requests = 6
    first.close()
    assert there.totals() == (1, 2, 2, 8, 0, 1)
    here.publish()
    there.publish()
    assert there.totals() == here.totals() == (1, 2, 2, 8, 0, 0)


def test_one_that_is_refused_is_not_handled() -> None:
    here, _ = workers()
    connection = Connection(here)
    here.refused()
    connection.close()
    assert here.totals() == (0, 1, 0, 0, 0, 0)
