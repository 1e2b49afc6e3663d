"""More connections than ``worker_connections``, or than there are descriptors."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from .running import Running, free_ports, get, until

Start = Callable[..., Running]
Connect = Callable[[int | str], socket.socket]
REQUEST = b"GET / HTTP/1.1\r\nHost: test\r\n\r\n"
MANY = 80


def write(folder: Path, main: str, events: str, location: str = "return 200 ok;") -> int:
    (port,) = free_ports(1)
    (folder / "nginx.conf").write_text(
        f"error_log stderr warn; {main} events {{ {events} }} http {{ access_log off; server {{"
        f"listen 127.0.0.1:{port}; location / {{ {location} }} location /now {{ return 200 now; }} }} }}"
    )
    return port


@pytest.mark.parametrize("main", ["", "master_process off;"])
def test_kept_connections_make_room_for_whoever_comes(folder: Path, start: Start, connect: Connect, main: str) -> None:
    port = write(folder, main, "worker_connections 10;")
    running = start("nginx.conf").ready()
    clients = [connect(port) for _ in range(10)]
    for client in clients:
        client.sendall(REQUEST)
        until(lambda client=client: client.recv(65536).endswith(b"ok"))
    assert get(port).endswith(b"ok")
    running.says("[warn]")
    running.says("10 worker_connections are not enough, reusing connections")
    # the one that has waited longest has made room, the others are still there
    assert clients[0].recv(1) == b""
    clients[-1].sendall(REQUEST)
    assert clients[-1].recv(65536).endswith(b"ok")


def test_nobody_is_let_in_while_all_are_busy(
    folder: Path, start: Start, connect: Connect, upstream: socket.socket
) -> None:
    port = write(folder, "", "worker_connections 4;", f"proxy_pass http://127.0.0.1:{upstream.getsockname()[1]};")
    running = start("nginx.conf").ready()
    clients = [connect(port) for _ in range(2)]
    servers = []
    for client in clients:
        client.sendall(REQUEST)
        servers.append(upstream.accept()[0])  # a connection to an upstream counts, too
        assert servers[-1].recv(65536)  # once it is in use
    assert b"now" not in get_if_let_in(port)
    running.says("[alert]")
    running.says("4 worker_connections are not enough\n")
    for client, server in zip(clients, servers, strict=True):
        with server:
            server.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            assert client.recv(65536).endswith(b"ok")
        client.close()
    until(lambda: b"now" in get_if_let_in(port))


def get_if_let_in(port: int) -> bytes:
    try:
        return get(port, "/now")
    except ConnectionError:
        return b""


@pytest.mark.parametrize("loop", ["uvloop", "asyncio"])
def test_without_descriptors_it_waits_and_goes_on(folder: Path, start: Start, connect: Connect, loop: str) -> None:
    """Whoever comes meanwhile may be turned away; the processor is not kept busy, and the reason is told."""
    if loop == "asyncio":
        (folder / "uvloop.py").write_text("raise ImportError('there is none')")
    port = write(folder, "worker_rlimit_nofile 40;", "worker_connections 1000;")
    running = start("nginx.conf").ready()
    clients = [connect(port) for _ in range(MANY)]
    running.says("accept() failed (24: Too many open files)")
    (worker,) = running.descendants()
    before = processor_time(worker)
    running.says("accept() failed (24: Too many open files)", running.said.count("accept() failed") + 1)
    assert processor_time(worker) - before < 0.5
    assert "Traceback" not in running.said
    for client in clients:
        client.close()
    until(lambda: b"now" in get_if_let_in(port))
    assert running.stop() == 0


def processor_time(pid: int) -> float:
    """Seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_by_default_there_are_as_many_as_descriptors(folder: Path, start: Start, connect: Connect) -> None:
    port = write(folder, "worker_rlimit_nofile 60;", "")
    running = start("nginx.conf").ready()
    clients = [connect(port) for _ in range(MANY)]
    running.says("30 worker_connections are not enough\n")
    assert "accept() failed" not in running.said
    for client in clients:
        client.close()
    until(lambda: b"now" in get_if_let_in(port))
