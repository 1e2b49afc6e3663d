"""What only a shared store promises: it outlives the processes that use it, however they end."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pyproxy.core.variables import literal
from pyproxy.modules.limit_conn import TAKE, ConnectionZone
from pyproxy.zones import shared
from pyproxy.zones.shared import SharedStore, create

from .conftest import COUNT, READ, Refusing, zone

ROUNDS = int(os.environ.get("ZONE_ROUNDS", "60"))


def test_workers_see_the_same_records(tmp_path: Path) -> None:
    path = str(tmp_path / "zone")
    create(path, zone().size)
    counting = f"""if True:
        from tests.zones.conftest import COUNT, zone
        from pyproxy.zones.shared import SharedStore
        store = SharedStore(zone(), {path!r}, 1)
        for _ in range(5000):
            store.update(COUNT, b"a", 1)
        """
    root = Path(__file__).parents[2]
    workers = [subprocess.Popen([sys.executable, "-c", counting], cwd=root) for _ in range(3)]
    assert [worker.wait(60) for worker in workers] == [0, 0, 0]
    store = SharedStore(zone(), path, 1)
    assert store.update(READ, b"a") == 15000
    store.close()


def test_kill_9_in_the_middle_of_an_update_leaves_the_zone_usable(tmp_path: Path) -> None:
    size = zone().size
    path = str(tmp_path / "zone")
    create(path, size)
    command = [sys.executable, str(Path(__file__).with_name("hammer.py")), path, str(size), str(ROUNDS)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100)
    assert done.stdout == f"{ROUNDS}\n", done.stderr


def test_what_is_left_is_what_the_living_hold(tmp_path: Path) -> None:
    path = str(tmp_path / "zone")
    connections = ConnectionZone("one", 1 << 20, literal("key"), zone().source)
    create(path, connections.size)
    store = SharedStore(connections, path, 1)
    for holder in (1, 2, 3):
        for number in range(200):
            store.update(TAKE, b"%d" % (number * holder), holder, 1000)
    store.forget(ConnectionZone.keep_holders, 2)
    held = sum(store.update(TAKE, b"%d" % number, 2, 1) == 0 for number in range(600))
    assert held == 200
    store.close()


def test_no_room_is_told_when_the_zone_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(fd: int, offset: int, length: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(OSError, match="No space left"):
        create(str(tmp_path / "zone"), 32768)


def test_what_is_no_zone_is_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "zone"
    path.write_bytes(b"\0" * 100_000)
    with pytest.raises(OSError, match="zone"):
        SharedStore(zone(Refusing), str(path), 1)
    assert shared.LOOKS < 100
    with pytest.raises(OSError, match="zone"):
        create(str(tmp_path / "nowhere" / "zone"), 32768)
    assert COUNT is not READ
