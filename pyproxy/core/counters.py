"""What a worker counts of its connections: the numbers of ``stub_status``, kept where the other workers see them."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from pyproxy.zones.board import Board, Count


class Connection(Protocol):
    """A client's connection. It is waiting (for a request) if it is neither reading (a head) nor writing."""

    requests: int
    """How many it has brought."""

    @property
    def reading(self) -> bool: ...

    @property
    def writing(self) -> bool: ...


class Totals(NamedTuple):
    """Over all workers, those that have ended too."""

    active: int
    accepts: int
    handled: int
    requests: int
    reading: int
    writing: int

    @property
    def waiting(self) -> int:
        return max(0, self.active - self.reading - self.writing)


class Counters:
    """A worker's seat at the board. Nothing is done for a single request: what is open is looked at when asked."""

    def __init__(self, board: Board, place: int = 1) -> None:
        self._board = board
        self._seat = board.seat(place)
        self._open: dict[Connection, int] = {}
        """Every connection that is open, with as many of its requests as are published."""

    def opened(self, connection: Connection) -> None:
        seat = self._seat
        seat[Count.ACCEPTS] += 1
        seat[Count.HANDLED] += 1
        seat[Count.ACTIVE] += 1
        self._open[connection] = 0

    def refused(self) -> None:
        """The newest is to be closed at once."""
        self._seat[Count.HANDLED] -= 1

    def closed(self, connection: Connection) -> None:
        published = self._open.pop(connection, None)
        if published is not None:
            self._seat[Count.ACTIVE] -= 1
            self._seat[Count.REQUESTS] += connection.requests - published

    def publish(self) -> None:
        """Let the others see what this worker's connections do."""
        requests, self._seat[Count.READING], self._seat[Count.WRITING] = self._look()
        self._seat[Count.REQUESTS] += requests
        for connection in self._open:
            self._open[connection] = connection.requests

    def _look(self) -> tuple[int, int, int]:
        """Requests that are not published yet, connections that are reading, and that are writing."""
        reading = writing = requests = 0
        for connection, published in self._open.items():
            requests += connection.requests - published
            if connection.writing:
                writing += 1
            elif connection.reading:
                reading += 1
        return requests, reading, writing

    @property
    def active(self) -> int:
        """Connections that are open."""
        return self._board.total(Count.ACTIVE)

    def totals(self) -> Totals:
        """What is the case in this worker, and was in the others when they published."""
        total, seat = self._board.total, self._seat
        requests, reading, writing = self._look()
        reading += total(Count.READING) - seat[Count.READING]
        return Totals(
            self.active,
            total(Count.ACCEPTS),
            total(Count.HANDLED),
            # nginx counts a request from its first byte
            total(Count.REQUESTS) + requests + reading,
            reading,
            total(Count.WRITING) - seat[Count.WRITING] + writing,
        )
