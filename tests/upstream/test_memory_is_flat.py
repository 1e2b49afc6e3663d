"""A gigabyte up and a gigabyte down through a real process: its memory must not notice."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

GIGABYTE = 1 << 30
MOST = 100 << 20
"""Bytes that the process may have in memory, all of it."""
PIECE = bytes(1 << 20)
PATIENCE = 30.0

CONFIG = """
error_log {folder}/error.log;
pid {folder}/pid;
master_process off;
http {{
    access_log off;
    client_max_body_size 0;
    server {{
        listen 127.0.0.1:{port};
        location / {{ proxy_pass http://127.0.0.1:{upstream}; }}
        location /streamed {{
            proxy_request_buffering off; proxy_buffering off; proxy_pass http://127.0.0.1:{upstream};
        }}
    }}
}}
"""


class Watched:
    """A pyproxy that runs, and the most memory it was seen to have."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.port = port
        self.most = 0
        self._pid = process.pid

    def look(self) -> None:
        """Note how much memory it has now, in bytes."""
        shown = subprocess.run(["ps", "-o", "rss=", "-p", str(self._pid)], capture_output=True, check=True).stdout
        self.most = max(self.most, int(shown) * 1024)

    def ask(self, request: str) -> socket.socket:
        sock = socket.create_connection(("127.0.0.1", self.port), PATIENCE)
        sock.sendall(f"{request}\r\nHost: a\r\nConnection: close\r\n".encode())
        return sock

    def pour(self, sock: socket.socket, size: int) -> None:
        """Send so many bytes."""
        for at in range(0, size, len(PIECE)):
            sock.sendall(PIECE)
            if not at % (size // 8):
                self.look()

    def drain(self, sock: socket.socket, size: int) -> int:
        """Receive until the end, about ``size`` bytes; how many they were."""
        room, got, looked = bytearray(1 << 20), 0, 0
        while count := sock.recv_into(room):
            got += count
            if got - looked > size // 8:
                looked = got
                self.look()
        return got


def _serve(sock: socket.socket) -> None:
    """One request: an upload is counted, anything else is answered with a gigabyte."""
    with contextlib.suppress(OSError), sock:
        head = b""
        while b"\r\n\r\n" not in head:
            head += sock.recv(65536)
        head, _, begun = head.partition(b"\r\n\r\n")
        if head.startswith(b"POST"):
            room, got = bytearray(1 << 20), len(begun)
            while got < GIGABYTE:
                got += sock.recv_into(room) or GIGABYTE * 2
            sock.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 10\r\n\r\n%d" % got)
        else:
            sock.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % GIGABYTE)
            for _ in range(GIGABYTE // len(PIECE)):
                sock.sendall(PIECE)


def _accept(listener: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while True:
            threading.Thread(target=_serve, args=(listener.accept()[0],), daemon=True).start()


@pytest.fixture(scope="module")
def upstream_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_accept, args=(listener,), daemon=True).start()
        yield listener.getsockname()[1]
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def proxy(tmp_path: Path, upstream_port: int) -> Iterator[Watched]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    file = tmp_path / "nginx.conf"
    file.write_text(CONFIG.format(folder=tmp_path, port=port, upstream=upstream_port))
    command = [sys.executable, "-m", "pyproxy", "-q", "-c", str(file), "-p", str(tmp_path)]
    repository = Path(__file__).resolve().parents[2]
    process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(repository)})
    try:
        deadline = time.monotonic() + PATIENCE
        while True:
            with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
                break
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
        yield Watched(process, port)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE)


@pytest.mark.parametrize("path", ["/", "/streamed"])
def test_upload(proxy: Watched, path: str) -> None:
    with proxy.ask(f"POST {path} HTTP/1.1\r\nContent-Length: {GIGABYTE}") as sock:
        sock.sendall(b"\r\n")
        proxy.pour(sock, GIGABYTE)
        answer = b""
        while data := sock.recv(65536):
            answer += data
        proxy.look()
        assert answer.endswith(b"\r\n\r\n%d" % GIGABYTE)
    assert proxy.most < MOST


@pytest.mark.parametrize("path", ["/", "/streamed"])
def test_download(proxy: Watched, path: str) -> None:
    with proxy.ask(f"GET {path} HTTP/1.1") as sock:
        sock.sendall(b"\r\n")
        assert proxy.drain(sock, GIGABYTE) > GIGABYTE
    assert proxy.most < MOST


@pytest.mark.parametrize("path", ["/", "/streamed"])
def test_download_by_a_slow_client(proxy: Watched, path: str) -> None:
    """One that takes nothing for a while: what it does not take goes to a file, or is not read."""
    with proxy.ask(f"GET {path} HTTP/1.1") as sock:
        sock.sendall(b"\r\n")
        for _ in range(20):
            sock.recv(10_000)
            proxy.look()
            time.sleep(0.05)
    assert proxy.most < MOST
