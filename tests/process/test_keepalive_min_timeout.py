"""keepalive_min_timeout: a client that was promised a kept connection may use it once more while the server ends."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from .running import Running, free_ports, read_all

Start = Callable[..., Running]
Connect = Callable[[int | str], socket.socket]

SITE = """
pid run.pid;
events {}
http {
    server {
        listen 127.0.0.1:%d;
        keepalive_min_timeout %s;
        location / { return 200 ok; }
    }
}
"""
REQUEST = b"GET / HTTP/1.1\r\nHost: test\r\n\r\n"
LAST_CALL = 1.0
"""Seconds that any kept connection stays open."""


@pytest.mark.parametrize(("seconds", "answered"), [("0", False), ("3s", True)])
def test_a_request_after_the_last_call(
    folder: Path, start: Start, connect: Connect, seconds: str, answered: bool
) -> None:
    (port,) = free_ports(1)
    (folder / "nginx.conf").write_text(SITE % (port, seconds))
    running = start("-c", "nginx.conf").ready()
    client = connect(port)
    client.sendall(REQUEST)
    assert b"Connection: keep-alive" in client.recv(65536)
    running.signal(signal.SIGQUIT)
    if answered:
        # it is not closed for as long as it would be without
        client.settimeout(LAST_CALL + 0.5)
        with pytest.raises(TimeoutError):
            client.recv(1)
        client.settimeout(10)
        client.sendall(REQUEST)
        assert b"Connection: close" in read_all(client)
    else:
        assert read_all(client) == b""
    assert running.ended() == 0


def test_it_ends_when_no_request_comes(folder: Path, start: Start, connect: Connect) -> None:
    (port,) = free_ports(1)
    (folder / "nginx.conf").write_text(SITE % (port, "2s"))
    running = start("-c", "nginx.conf").ready()
    client = connect(port)
    client.sendall(REQUEST)
    assert b"Connection: keep-alive" in client.recv(65536)
    running.signal(signal.SIGQUIT)
    assert read_all(client) == b""
    assert running.ended() == 0
