from __future__ import annotations

import contextlib
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from .program_site import Site
from .running import PATIENCE, Running, connection

Start = Callable[..., Running]
Connect = Callable[[int | str], socket.socket]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder of short name, because the path of a unix socket has at most 103 bytes."""
    path = Path(tempfile.mkdtemp(prefix="pp-")).resolve()
    yield path
    shutil.rmtree(path)


@pytest.fixture
def start(folder: Path) -> Iterator[Start]:
    """Starts pyproxy in the folder; what a test leaves running is killed."""
    started: list[Running] = []

    def start(*arguments: str, **options: Any) -> Running:
        started.append(Running(folder, *arguments, **options))
        return started[-1]

    yield start
    for running in started:
        if running.process.poll() is None:
            running.process.kill()  # supervisord then ends by itself
            running.process.wait()


@pytest.fixture
def site(folder: Path, start: Start) -> Site:
    return Site(folder, start)


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Connects to a port or a unix socket; closed after the test."""
    with contextlib.ExitStack() as stack:
        yield lambda address: stack.enter_context(connection(address))


@pytest.fixture
def upstream() -> Iterator[socket.socket]:
    """A listening socket that the test itself answers on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(PATIENCE)
        yield server
