"""A pyproxy that runs as a process of its own, and what a test wants to know of it."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

PATIENCE = 20.0
"""Seconds until something that was waited for has failed to come."""


class Running:
    """``python -m pyproxy`` with these arguments, in this folder. Its output goes to the files ``out`` and ``err``."""

    def __init__(self, folder: Path, *arguments: str, wrapper: Sequence[str] = (), **options: object) -> None:
        self.folder = folder
        self.out, self.err = folder / "out", folder / "err"
        with self.out.open("ab") as out, self.err.open("ab") as err:
            self.process: subprocess.Popen[bytes] = subprocess.Popen(  # type: ignore[call-overload]
                [*wrapper, sys.executable, "-m", "pyproxy", *arguments],
                **{"cwd": folder, "stdin": subprocess.DEVNULL, "stdout": out, "stderr": err, **options},
            )

    @property
    def said(self) -> str:
        """What it has written to standard error so far."""
        return self.err.read_text()

    def ready(self) -> Running:
        """Wait until it serves."""
        self.says("Ctrl-C stops everything.")
        return self

    def says(self, text: str, times: int = 1) -> None:
        """Wait until standard error holds this text."""
        until(lambda: self.said.count(text) >= times or self.process.poll() is not None)
        assert self.said.count(text) >= times, f"no `{text}` in:\n{self.said}"

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def ended(self) -> int:
        """Wait for its end; the exit status."""
        return self.process.wait(PATIENCE)

    def stop(self) -> int:
        self.signal(signal.SIGTERM)
        return self.ended()

    def descendants(self) -> list[int]:
        """Its children, their children, and so on."""
        listing = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
        pairs = [tuple(map(int, line.split())) for line in listing.splitlines()]
        family = [self.process.pid]
        for member in family:
            family += [pid for pid, parent in pairs if parent == member]
        return family[1:]


def until(condition: Callable[[], object]) -> None:
    """Wait for the condition, as long as PATIENCE."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports: list[int] = [sock.getsockname()[1] for sock in sockets]
    for sock in sockets:
        sock.close()
    return ports


def connection(address: int | str) -> socket.socket:
    """A connection to a port of this machine, or to a unix socket."""
    if isinstance(address, int):
        return socket.create_connection(("127.0.0.1", address), PATIENCE)
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(PATIENCE)
    sock.connect(address)
    return sock


def get(address: int | str, path: str = "/") -> bytes:
    """The whole answer to one request on a connection of its own."""
    with connection(address) as sock:
        sock.sendall(f"GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n".encode())
        return read_all(sock)


def read_all(sock: socket.socket) -> bytes:
    """What comes until the other side closes."""
    parts = []
    while part := sock.recv(65536):
        parts.append(part)
    return b"".join(parts)


def refused(port: int) -> bool:
    """Whether nobody listens there."""
    try:
        connection(port).close()
    except ConnectionRefusedError:
        return True
    return False


@contextlib.contextmanager
def visited(*visits: Callable[[], None]) -> Iterator[list[str]]:
    """Make each visit over and over, in a thread of its own, until the block ends, however it ends. The failures."""
    stop, failures = threading.Event(), []

    def repeat(visit: Callable[[], None]) -> None:
        while not stop.is_set():
            try:
                visit()
            except Exception as error:
                failures.append(repr(error))

    threads = [threading.Thread(target=repeat, args=(visit,)) for visit in visits]
    for thread in threads:
        thread.start()
    try:
        yield failures
    finally:
        stop.set()
        for thread in threads:
            thread.join()
