"""Stores of every kind, and a Redis that runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pyproxy.config.tree import Source
from pyproxy.zones.memory import MemoryStore
from pyproxy.zones.redis import RedisStore
from pyproxy.zones.shared import SharedStore, create
from pyproxy.zones.store import Operation, Record, Store
from pyproxy.zones.zone import Zone
from tests.support.redis_server import RedisServer
from tests.support.redis_server import redis_server as redis_server

COUNT = Operation(
    lambda record, now, change: (((record or (0,))[0] + change,), (record or (0,))[0] + change),
    "return redis.call('INCRBY', KEYS[1], ARGV[1])",
)
"""Adds to a number; the result is the new one."""


def _leave(record: Record | None, now: int) -> tuple[Record | None, int]:
    return None, 0 if record is None else record[0]


LEAVE = Operation(_leave, "return tonumber(redis.call('GETDEL', KEYS[1]) or 0)")
"""Removes the record; the result is the number that it had."""

READ = Operation(
    lambda record, now: (record, 0 if record is None else record[0]), "return tonumber(redis.call('GET', KEYS[1]) or 0)"
)
"""Changes nothing; the result is the number, 0 without one."""


class Evicting(Zone):
    directive = "evicting"
    record_size = 128
    evicts = True


class Refusing(Zone):
    directive = "refusing"
    record_size = 64
    evicts = False


class Clock:
    """Time that stands until a test moves it."""

    now = 1_000_000

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


MakeStore = Callable[[Zone], Store]


def zone(kind: type[Zone] = Evicting, records: int = 256) -> Zone:
    return kind("one", records * kind.record_size, "$remote_addr", Source("test", 1))


@pytest.fixture(params=["memory", "shared"])
def store(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Iterator[MakeStore]:
    """Makes stores that are near."""
    opened: list[SharedStore] = []

    def make(zone: Zone) -> Store:
        if request.param == "memory":
            return MemoryStore(zone.capacity, zone.evicts, clock)
        path = str(tmp_path / f"zone{len(opened)}")
        create(path, zone.size)
        opened.append(SharedStore(zone, path, 1, clock))
        return opened[-1]

    yield make
    for shared in opened:
        shared.close()


def redis_store(server: RedisServer, zone: Zone, said: list[str]) -> RedisStore:
    return RedisStore(zone, server.url, said.append)
