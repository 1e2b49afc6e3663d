"""Signals that end the process: INT and TERM at once, QUIT after the requests that have begun."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .running import Running, free_ports, get, read_all, refused, until

Start = Callable[..., Running]
Connect = Callable[[int | str], socket.socket]
REQUEST = b"GET / HTTP/1.1\r\nHost: test\r\n\r\n"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

TWO_LISTENERS = """
pid run.pid;
events {}
http {
    server {
        listen 127.0.0.1:%d;
        listen 127.0.0.1:%d;
        listen unix:%s;
        location / { proxy_pass http://127.0.0.1:%d; }
        location /now { return 200 now; }
    }
}
"""


class Site:
    """pyproxy in front of an upstream that answers when the test says so."""

    def __init__(self, folder: Path, start: Start, connect: Connect, upstream: socket.socket) -> None:
        self.folder = folder
        self.unix = str(folder / "site.sock")
        self.port, self.other = free_ports(2)
        self._connect = connect
        self._upstream = upstream
        self._stack = contextlib.ExitStack()
        (folder / "nginx.conf").write_text(
            TWO_LISTENERS % (self.port, self.other, self.unix, upstream.getsockname()[1])
        )
        self.running = start("-c", "nginx.conf").ready()

    def begin(self, address: int | str) -> tuple[socket.socket, socket.socket]:
        """A request that has reached the upstream: the client's connection and the upstream's."""
        client = self._connect(address)
        client.sendall(REQUEST)
        server = self._stack.enter_context(self._upstream.accept()[0])
        assert b"\r\n\r\n" in server.recv(65536)
        return client, server

    def close(self) -> None:
        self._stack.close()

    def leaves_nothing(self) -> bool:
        return sorted(os.listdir(self.folder)) == ["err", "nginx.conf", "out"]


@pytest.fixture
def site(folder: Path, start: Start, connect: Connect, upstream: socket.socket) -> Iterator[Site]:
    site = Site(folder, start, connect, upstream)
    yield site
    site.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGQUIT])
def test_the_end_leaves_no_file_and_no_socket(site: Site, connect: Connect, number: int) -> None:
    assert get(site.unix, "/now").endswith(b"now")
    assert (site.folder / "run.pid").read_text() == f"{site.running.process.pid}\n"
    idle = connect(site.port)
    idle.sendall(b"GET /now HTTP/1.1\r\nHost: test\r\n\r\n")
    until(lambda: idle.recv(65536).endswith(b"now"))
    site.running.signal(number)
    assert idle.recv(1) == b""
    assert site.running.ended() == 0
    assert site.leaves_nothing()
    assert "Traceback" not in site.running.said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_term_cuts_what_has_begun(site: Site, number: int) -> None:
    client, server = site.begin(site.port)
    site.running.signal(number)
    assert client.recv(1) == b""
    assert server.recv(1) == b""
    assert site.running.ended() == 0
    assert '"GET / HTTP/1.1" 499 0' in site.running.out.read_text()


def test_quit_lets_requests_end_and_accepts_no_more_on_any_listener(site: Site) -> None:
    began = [site.begin(address) for address in (site.port, site.unix)]
    site.running.signal(signal.SIGQUIT)
    until(lambda: refused(site.port) and refused(site.other))
    assert not Path(site.unix).exists()
    for client, server in began:
        assert site.running.process.poll() is None
        server.sendall(ANSWER)
        answer = read_all(client)
        assert answer.endswith(b"\r\n\r\nok")
        assert b"Connection: close" in answer
    assert site.running.ended() == 0
    assert site.leaves_nothing()


def test_term_after_quit_waits_no_longer(site: Site) -> None:
    client, _ = site.begin(site.port)
    site.running.signal(signal.SIGQUIT)
    until(lambda: refused(site.port))
    site.running.signal(signal.SIGTERM)
    assert client.recv(1) == b""
    assert site.running.ended() == 0
    assert site.leaves_nothing()


def test_worker_shutdown_timeout_ends_the_wait(site: Site, start: Start) -> None:
    text = (site.folder / "nginx.conf").read_text()
    (site.folder / "nginx.conf").write_text(f"worker_shutdown_timeout 50ms; {text}")
    site.running.signal(signal.SIGHUP)
    site.running.says("configuration loaded anew")
    client, _ = site.begin(site.port)
    site.running.signal(signal.SIGQUIT)
    assert client.recv(1) == b""
    assert site.running.ended() == 0


def test_quit_lets_a_first_request_come_that_is_on_its_way(site: Site, connect: Connect) -> None:
    client = connect(site.port)
    client.sendall(b"GET /now HTTP/1.1\r\n")
    get(site.port, "/now")  # the half request has been read by now, or is about to be
    site.running.signal(signal.SIGQUIT)
    until(lambda: refused(site.port))
    client.sendall(b"Host: test\r\n\r\n")
    assert read_all(client).endswith(b"now")
    assert site.running.ended() == 0
