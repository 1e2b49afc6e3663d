"""A worker that ends waits for the copies of requests that nobody else waits for."""

from __future__ import annotations

import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from .running import Running, free_ports, get, refused, until

Start = Callable[..., Running]
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def write(folder: Path, upstream: socket.socket, main: str) -> int:
    (port,) = free_ports(1)
    (folder / "nginx.conf").write_text(
        f"pid run.pid; {main} events {{}} http {{ log_subrequest on; log_format line '$uri $status';"
        f"access_log {folder}/access.log line; server {{ listen 127.0.0.1:{port};"
        "location /mirror { mirror /copy; empty_gif; } location /post { post_action /copy; empty_gif; }"
        f"location = /copy {{ proxy_pass http://127.0.0.1:{upstream.getsockname()[1]}; }} }} }}"
    )
    return port


@pytest.mark.parametrize("path", ["/mirror", "/post"])
@pytest.mark.parametrize("main", ["", "master_process off;"])
def test_it_waits_for_the_answer(folder: Path, start: Start, upstream: socket.socket, main: str, path: str) -> None:
    port = write(folder, upstream, main)
    running = start("nginx.conf").ready()
    assert get(port, path).startswith(b"HTTP/1.1 200")
    with upstream.accept()[0] as server:
        assert server.recv(65536).startswith(b"GET /copy")
        running.signal(signal.SIGQUIT)
        until(lambda: refused(port))
        server.sendall(ANSWER)
        assert running.ended() == 0
    assert sorted((folder / "access.log").read_text().splitlines())[0] == "/copy 200"


def test_but_no_longer_than_for_clients(folder: Path, start: Start, upstream: socket.socket) -> None:
    port = write(folder, upstream, "worker_shutdown_timeout 2s;")
    running = start("nginx.conf").ready()
    assert get(port, "/mirror").startswith(b"HTTP/1.1 200")
    with upstream.accept()[0] as server:
        assert server.recv(65536).startswith(b"GET /copy")
        began = time.monotonic()
        running.signal(signal.SIGQUIT)
        assert running.ended() == 0
        assert time.monotonic() - began >= 2
        assert server.recv(1) == b""


@pytest.mark.parametrize("main", ["", "master_process off;"])
def test_nor_where_all_is_to_end_at_once(folder: Path, start: Start, upstream: socket.socket, main: str) -> None:
    port = write(folder, upstream, main)
    running = start("nginx.conf").ready()
    assert get(port, "/mirror").startswith(b"HTTP/1.1 200")
    with upstream.accept()[0] as server:
        assert server.recv(65536).startswith(b"GET /copy")
        running.signal(signal.SIGQUIT)
        until(lambda: refused(port))
        assert running.process.poll() is None
        running.signal(signal.SIGTERM)
        assert running.ended() == 0
        assert server.recv(1) == b""
