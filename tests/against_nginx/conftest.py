"""Fixtures: one upstream and one set of documents for all tests, one pair of servers for each configuration."""

from __future__ import annotations

import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from .documents import write_documents
from .pair import Pair
from .upstream import Upstream


@pytest.fixture(scope="session")
def values() -> Iterator[dict[str, str]]:
    """What the placeholders of every configuration stand for."""
    # not under pytest's folder: a unix socket's path has at most 104 bytes on macOS
    folder = Path(tempfile.mkdtemp(prefix="pyproxy-"))
    write_documents(folder)
    with socket.socket() as refusing:
        # bound but not listening: nobody else gets the port, and connecting to it is refused
        refusing.bind(("127.0.0.1", 0))
        yield {
            "folder": str(folder),
            "root": str(folder / "www"),
            "refused": f"127.0.0.1:{refusing.getsockname()[1]}",
        }
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def upstream(values: dict[str, str]) -> Iterator[Upstream]:
    upstream = Upstream(Path(values["folder"]))
    values["upstream"] = f"127.0.0.1:{upstream.port}"
    values["unix"] = f"unix:{upstream.unix}"
    yield upstream
    upstream.close()


@pytest.fixture(scope="module")
def pair(
    request: pytest.FixtureRequest, values: dict[str, str], upstream: Upstream, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pair]:
    """Both servers on the module's CONFIG; it may say in NEEDS which modules its nginx must have."""
    needs = getattr(request.module, "NEEDS", ())
    pair = Pair(request.module.CONFIG, values, upstream, tmp_path_factory.mktemp("pair"), needs)
    yield pair
    pair.stop()
