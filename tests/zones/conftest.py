"""Stores of every kind, and a Redis that runs."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pyproxy.config.tree import Source
from pyproxy.zones.memory import MemoryStore
from pyproxy.zones.redis import RedisStore
from pyproxy.zones.shared import SharedStore, create
from pyproxy.zones.store import Operation, Record, Store
from pyproxy.zones.zone import Zone

PATIENCE = 10.0

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


class RedisServer:
    """A redis-server of the tests' own, on a unix socket."""

    def __init__(self, folder: Path) -> None:
        self.url = f"unix://{folder}/redis.sock"
        self._command = [
            *("redis-server", "--port", "0", "--unixsocket", f"{folder}/redis.sock"),
            *("--save", "", "--appendonly", "no", "--dir", str(folder)),
        ]
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        deadline = time.monotonic() + PATIENCE
        while "eady to accept connections" not in (line := self.process.stdout.readline()):
            assert line, "redis-server has ended"
            assert time.monotonic() < deadline

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture
def redis_server() -> Iterator[RedisServer]:
    """.ci/run sees to it that there is one, and refuses a run that has skipped these tests."""
    if shutil.which("redis-server") is None:
        pytest.skip("there is no redis-server: sudo apt install redis-server")
    with tempfile.TemporaryDirectory(prefix="pp-") as folder:
        server = RedisServer(Path(folder))
        yield server
        server.stop()


def redis_store(server: RedisServer, zone: Zone, said: list[str]) -> RedisStore:
    return RedisStore(zone, server.url, said.append)
