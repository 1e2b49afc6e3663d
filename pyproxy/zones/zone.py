"""Zones: named tables of small records that all workers share, as nginx's shared memory zones.

A Zone is what the configuration declares; its Store is where the records are: in this process (memory.py), in memory
that workers share (shared.py), or in a Redis that machines share (redis.py).
"""

from __future__ import annotations

from typing import ClassVar

from pyproxy.config.tree import Source
from pyproxy.zones.memory import MemoryStore
from pyproxy.zones.store import Operation, Store


class Zone:
    """What a ``*_zone`` directive declares. Each such directive has a subclass."""

    directive: ClassVar[str]
    record_size: ClassVar[int]
    """Bytes of the zone's size that a record counts for, as in nginx."""
    evicts: ClassVar[bool]
    """Whether a record that is new to a full zone takes the place of the least recently used one."""
    keep_holders: ClassVar[Operation | None] = None
    """Where records say which process holds what: takes from a record what processes other than these hold."""

    def __init__(self, name: str, size: int, key: str, source: Source) -> None:
        """``size`` in bytes; ``key`` is the text that every record's key is made of."""
        self.name = name
        self.size = size
        self.key = key
        self.source = source
        self.redis: str | None = None
        """The URL of the Redis that it is in."""
        self.store: Store = MemoryStore(self.capacity, self.evicts)

    @property
    def capacity(self) -> int:
        """How many records it holds."""
        return self.size // self.record_size

    @property
    def identity(self) -> tuple[str, str, int]:
        """A zone of the next configuration that is equal in this goes on with the same records."""
        return self.directive, self.name, self.size
