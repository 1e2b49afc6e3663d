"""The records of a zone in memory that workers share: an LMDB file on a file system that is memory.

LMDB's mutex is robust, and what an update writes counts from its last store on: a worker that is killed in the middle
of one leaves the zone as it was before, and nobody waits for the dead.
"""

from __future__ import annotations

import os
import time
from functools import cache
from pathlib import Path
from struct import Struct
from typing import Final

import lmdb

from pyproxy.zones.store import Clock, Operation, Record, ZoneFull, milliseconds, stored_key
from pyproxy.zones.zone import Zone

TRIES: Final = 50
PAUSE: Final = 0.001
"""Seconds between them."""
LOOKS: Final = 16
"""Records of which the least recently used one goes, where all have been used since they were queued."""

# b"r" + key -> milliseconds of the last use, record
# b"q" + milliseconds + key -> nothing: the records in the order in which they were queued, the last use or before it
_RECORD: Final = b"r"
_QUEUE: Final = b"q"
_TIME: Final = Struct("!Q")


@cache
def _layout(numbers: int) -> Struct:
    return Struct(f"={numbers}q")


def _room(size: int) -> int:
    """Bytes of the file: pages are two thirds full on average, and an update writes new ones before it frees any."""
    return 2 * size + (1 << 20)


def _open(path: str, size: int) -> lmdb.Environment:
    return lmdb.open(
        path,
        map_size=_room(size),
        subdir=False,
        mode=0o600,
        # the file is memory: what a crash of the machine leaves of it is nothing
        sync=False,
        metasync=False,
        writemap=True,
        meminit=False,
    )


def create(path: str, size: int) -> None:
    """Make the files ``path`` and ``path``-lock of an empty zone. Raises OSError.

    Its room is taken at once: a page that cannot be had later on would be the death of a worker (SIGBUS).
    """
    try:
        _open(path, size).close()
    except lmdb.Error as error:
        raise OSError(str(error)) from error
    if hasattr(os, "posix_fallocate"):
        with Path(path).open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, _room(size))


class SharedStore:
    """A worker's view of a zone. Every update is a transaction that writes, so that it cannot be half seen."""

    def __init__(self, zone: Zone, path: str, holder: int, clock: Clock = milliseconds) -> None:
        """``holder``: the worker's number. Raises OSError."""
        self.holder = holder
        self._evicts = zone.evicts
        # a record of a zone that evicts has an entry in the queue
        self._capacity = zone.capacity * (2 if zone.evicts else 1)
        self._clock = clock
        try:
            self._env = _open(path, zone.size)
            self._env.reader_check()
        except lmdb.Error as error:
            raise OSError(str(error)) from error

    def close(self) -> None:
        self._env.close()

    def update(self, operation: Operation, key: bytes, *arguments: int) -> int:
        key = stored_key(key)
        for _ in range(TRIES):
            try:
                return self._update(operation, key, arguments)
            except lmdb.MapFullError:
                # A worker that opens the file reads for some microseconds, and all pages that it may see are kept for
                # it. If it is made to wait in just this moment, so must others; if it was killed, they need not.
                self._env.reader_check()
                time.sleep(PAUSE)
        raise ZoneFull

    def _update(self, operation: Operation, key: bytes, arguments: tuple[int, ...]) -> int:
        now = self._clock()
        with self._env.begin(write=True) as transaction:
            data = transaction.get(_RECORD + key)
            old: Record | None = None if data is None else _layout(len(data) // 8).unpack(data)[1:]
            new, result = operation.apply(old, now, *arguments)
            if new is None:
                if data is not None:
                    transaction.delete(_RECORD + key)
            elif self._evicts or new is not old:
                if data is None:
                    self._make_room(transaction)
                    if self._evicts:
                        transaction.put(_QUEUE + _TIME.pack(now) + key, b"")
                transaction.put(_RECORD + key, _layout(len(new) + 1).pack(now, *new))
        return result

    def _make_room(self, transaction: lmdb.Transaction) -> None:
        if transaction.stat()["entries"] < self._capacity:
            return
        if not self._evicts:
            raise ZoneFull
        cursor = transaction.cursor()
        looked_at: list[bytes] = []
        while len(looked_at) < LOOKS and cursor.set_range(_QUEUE):
            entry = bytes(cursor.key())
            if not entry.startswith(_QUEUE):
                break
            cursor.delete()
            key = entry[1 + _TIME.size :]
            if (data := transaction.get(_RECORD + key)) is not None:
                used = _QUEUE + _TIME.pack(_layout(1).unpack(data[:8])[0]) + key
                looked_at.append(used)
                if used <= entry:
                    break
                transaction.put(used, b"")
        if looked_at:
            oldest = min(looked_at)
            transaction.delete(oldest)
            transaction.delete(_RECORD + oldest[1 + _TIME.size :])

    def forget(self, operation: Operation, *holders: int) -> None:
        now = self._clock()
        with self._env.begin(write=True) as transaction:
            cursor = transaction.cursor()
            found = cursor.set_range(_RECORD)
            while found:
                key, data = cursor.item()
                used, *old = _layout(len(data) // 8).unpack(data)
                new, _ = operation.apply(tuple(old), now, *holders)
                if new is None:
                    # the cursor is then at the next one
                    found = cursor.delete() and bool(cursor.key())
                    continue
                if len(new) != len(old):
                    cursor.put(key, _layout(len(new) + 1).pack(used, *new))
                found = cursor.next()
