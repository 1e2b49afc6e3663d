"""The records of a zone in this process: enough where it is the only one."""

from __future__ import annotations

from collections import OrderedDict

from pyproxy.zones.store import Clock, Operation, Record, ZoneFull, milliseconds, stored_key


class MemoryStore:
    """At most ``capacity`` records. Nothing here can be half done."""

    holder = 1

    def __init__(self, capacity: int, evicts: bool, clock: Clock = milliseconds) -> None:
        self._capacity = capacity
        self._evicts = evicts
        self._clock = clock
        # in the order of their last use
        self._records: OrderedDict[bytes, Record] = OrderedDict()

    def update(self, operation: Operation, key: bytes, *arguments: int) -> int:
        key = stored_key(key)
        old = self._records.get(key)
        new, result = operation.apply(old, self._clock(), *arguments)
        if new is None:
            if old is not None:
                del self._records[key]
            return result
        if old is None and len(self._records) >= self._capacity:
            if not self._evicts:
                raise ZoneFull
            self._records.popitem(last=False)
        self._records[key] = new
        self._records.move_to_end(key)
        return result

    def forget(self, operation: Operation, *holders: int) -> None:
        """Nobody but this process holds anything."""
