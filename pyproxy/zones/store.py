"""Where the records of a zone are, and how they change: by an Operation, which is atomic in every kind of Store."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Protocol

Record = tuple[int, ...]
"""A few whole numbers of up to 63 bits."""

Clock = Callable[[], int]
"""Milliseconds, the same for all processes of this machine, and never back."""

LONGEST_KEY: Final = 19
"""Bytes of a key that is stored as it is; a longer one is stored as a digest, which is one byte longer."""


def milliseconds() -> int:
    return time.monotonic_ns() // 1_000_000


def stored_key(key: bytes) -> bytes:
    """Keys come from clients: each takes no more room than this."""
    return key if len(key) <= LONGEST_KEY else hashlib.blake2b(key, digest_size=LONGEST_KEY + 1).digest()


@dataclass(frozen=True, slots=True)
class Operation:
    """One atomic change of one record, told twice, because Redis cannot run Python; both must do the same.

    ``apply(record, now, *arguments)`` gives the record as it is to be (None: there is none, before or after) and a
    result. ``script`` is Lua: KEYS[1] is the record's key, ARGV the arguments; the time is Redis's own.
    """

    apply: Callable[..., tuple[Record | None, int]]
    script: str


class ZoneFull(Exception):
    """There is no room for another record."""


class ZoneAbsent(Exception):
    """The zone's store is out of reach: nothing is known, and nothing has changed."""


class Store(Protocol):
    """Where the records of a zone are."""

    holder: int
    """What records call this process, where they say who holds what."""

    def update(self, operation: Operation, key: bytes, *arguments: int) -> int | Awaitable[int]:
        """Change a record and give the operation's result; something to await where the zone is remote.

        Raises ZoneFull or ZoneAbsent.
        """

    def forget(self, operation: Operation, *holders: int) -> None:
        """Change every record, so that only what these processes hold is left."""
