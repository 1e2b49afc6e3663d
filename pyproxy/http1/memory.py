"""A small bounded table from raw bytes to what they mean.

Keep-alive clients repeat their header block, upstreams repeat theirs within a second; the second parse is one lookup.
A value must be a pure function of its key's bytes: then nothing can pass from one client to another.
"""

from __future__ import annotations

from typing import Generic, TypeVar

Value = TypeVar("Value")


class Memory(Generic[Value]):
    """Two generations of a dict: when the young one is full it becomes the old one, and the old one is forgotten.

    What is in use moves back to the young generation, so this approaches "forget the least recently used" without
    any bookkeeping on a hit. At most `2 * entries` keys of `2 * size` bytes together are held; a key longer than
    `longest` bytes is never kept.
    """

    __slots__ = ("_entries", "_longest", "_old", "_room", "_size", "_young")

    def __init__(self, entries: int = 512, size: int = 256 * 1024, longest: int = 4096) -> None:
        self._entries = entries
        self._size = size
        self._longest = longest
        self._room = size
        self._young: dict[bytes, Value] = {}
        self._old: dict[bytes, Value] = {}

    def get(self, key: bytes) -> Value | None:
        value = self._young.get(key)
        if value is None and self._old:
            value = self._old.get(key)
            if value is not None:
                self.put(key, value)
        return value

    def put(self, key: bytes, value: Value) -> None:
        length = len(key)
        if length > self._longest:
            return
        if len(self._young) >= self._entries or length > self._room:
            self._old = self._young
            self._young = {}
            self._room = self._size
        self._young[key] = value
        self._room -= length

    def __len__(self) -> int:
        return len(self._young.keys() | self._old.keys())
