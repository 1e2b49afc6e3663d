"""Where workers write down what they count: a page of memory that all of them and their master see.

Every worker has a seat, and writes only there. A number is stored in one piece, so that nobody needs a lock.
"""

from __future__ import annotations

import mmap
import os
import tempfile
from dataclasses import dataclass
from typing import Final

SEATS: Final = 1024
_WIDTH: Final = 16
"""Numbers of a seat: two cache lines, so that no two workers write into one."""
_BYTES: Final = SEATS * _WIDTH * 8


class Count:
    """The numbers of a seat. Up to REQUESTS they grow for ever, the others are what is the case.

    No enumeration: a member of one takes three times as long to count with, and every connection counts.
    """

    WORKER: Final = 0
    """Who sits there; workers are numbered from 1, and no number is given twice. 0: nobody."""
    ACCEPTS: Final = 1
    HANDLED: Final = 2
    REQUESTS: Final = 3
    ACTIVE: Final = 4
    READING: Final = 5
    WRITING: Final = 6


# Of the master's seat: how many workers have ended, and how many seats have ever been taken, its own included.
_ENDED: Final = 8
_USED: Final = 9
_LARGEST: Final = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class Seat:
    """What a worker must know to find its own."""

    fd: int
    """Its descriptor of the board's memory."""
    place: int
    worker: int


class Board:
    """The seats. The first is the master's: what workers that have ended had counted."""

    def __init__(self, memory: bytearray | mmap.mmap, fd: int = -1) -> None:
        self.fd = fd
        self._numbers = memoryview(memory).cast("q")
        self._last = 0

    @classmethod
    def private(cls) -> Board:
        """One for a process that has no workers: it has the one seat."""
        return cls(bytearray(2 * _WIDTH * 8))._empty()

    @classmethod
    def shared(cls, fd: int | None = None) -> Board:
        """A new one, or the one that another process has made. Raises OSError."""
        if fd is not None:
            return cls(mmap.mmap(fd, _BYTES), fd)
        fd = _anonymous_file()
        return cls(mmap.mmap(fd, _BYTES), fd)._empty()

    def _empty(self) -> Board:
        self._numbers[_USED] = 2
        return self

    def seat(self, place: int) -> memoryview[int]:
        """The numbers of a seat, to be read and written."""
        return self._numbers[place * _WIDTH : (place + 1) * _WIDTH]

    def total(self, count: int) -> int:
        """A number over all seats that have ever been taken."""
        return sum(self._numbers[count : self._numbers[_USED] * _WIDTH : _WIDTH])

    @property
    def ended(self) -> int:
        """How many workers have ended so far."""
        return self._numbers[_ENDED]

    @property
    def workers(self) -> list[int]:
        """The numbers of those that have a seat."""
        return [worker for worker in self._numbers[_WIDTH + Count.WORKER :: _WIDTH] if worker]

    # The master's part

    def take(self) -> Seat:
        """A seat for a new worker. Raises OSError if there are too many."""
        for place in range(1, SEATS):
            if not self._numbers[place * _WIDTH + Count.WORKER]:
                self._last += 1
                self._numbers[place * _WIDTH + Count.WORKER] = self._last
                self._numbers[_USED] = max(self._numbers[_USED], place + 1)
                return Seat(self.fd, place, self._last)
        raise OSError(f"there are {SEATS - 1} workers already")

    def give_back(self, seat: Seat) -> None:
        """Its worker has ended: keep what it has counted."""
        numbers, kept = self.seat(seat.place), self.seat(0)
        for count in (Count.ACCEPTS, Count.HANDLED, Count.REQUESTS):
            # a worker may write anything
            kept[count] = (kept[count] + numbers[count]) & _LARGEST
        for place in range(_WIDTH):
            numbers[place] = 0
        self._numbers[_ENDED] += 1


def _anonymous_file() -> int:
    """Memory that has no name, and ends with the last process that has it open."""
    if hasattr(os, "memfd_create"):
        fd = os.memfd_create("pyproxy-board")
    else:
        with tempfile.TemporaryFile() as file:
            fd = os.dup(file.fileno())
    os.truncate(fd, _BYTES)
    return fd
