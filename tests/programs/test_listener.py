from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from pyproxy.programs.listener import listener

linux = pytest.mark.skipif(not os.path.exists("/proc/net/tcp"), reason="only Linux's /proc tells")


@linux
@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_port(host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family) as server:
        name = Path("/proc/self/comm").read_text().strip()
        assert listener((host, server.getsockname()[1])) == f"process {os.getpid()} ({name})"


@linux
def test_a_unix_socket(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        path = str(tmp_path / "s")
        server.bind(path)
        server.listen()
        assert listener(path).startswith(f"process {os.getpid()} (")


def test_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert listener(str(tmp_path / "x")) == "another process"
    monkeypatch.setattr("pyproxy.programs.listener._lines", lambda table: [])
    assert listener(("127.0.0.1", 1)) == "another process"
