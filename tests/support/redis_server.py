"""A Redis of the tests' own."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

PATIENCE = 10.0
"""Seconds until it must be there."""


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
