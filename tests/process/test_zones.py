"""Zones with several workers, and over a reload, a kill and the end."""

from __future__ import annotations

import os
import re
import signal
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from pyproxy.process import zones
from tests.support.redis_server import RedisServer
from tests.support.redis_server import redis_server as redis_server

from .running import Running, connection, free_ports, get, lives, until

Start = Callable[..., Running]
Connect = Callable[[int | str], socket.socket]

REQUESTS = "limit_req_zone $arg_a zone=one:1m rate=1r/m;"
CONNECTIONS = "limit_conn_zone $arg_a zone=held:1m;"


class Site:
    """A site with limits, and a place that never answers."""

    def __init__(self, folder: Path, start: Start, upstream: socket.socket) -> None:
        self.folder = folder
        self._start = start
        self._loaded = 0
        (self.port,) = free_ports(1)
        self._silent = upstream.getsockname()[1]
        self.running: Running
        (folder / "html").mkdir()
        (folder / "html" / "x").write_text("x")

    def write(self, http: str, main: str = "worker_processes 2;") -> None:
        (self.folder / "nginx.conf").write_text(
            f"pid run.pid; {main} events {{}} http {{ {http} server {{ listen 127.0.0.1:{self.port};"
            "location = /status { stub_status; } location / { limit_req zone=one burst=3 nodelay; }"
            "location /held { limit_conn held 1; proxy_set_header Worker $pid;"
            f"proxy_pass http://127.0.0.1:{self._silent}; }} }} }}"
        )

    def start(self, http: str = REQUESTS + CONNECTIONS, main: str = "worker_processes 2;") -> Running:
        self.write(http, main)
        self.running = self._start("nginx.conf").ready()
        return self.running

    def hup(self) -> None:
        self._loaded += 1
        self.running.signal(signal.SIGHUP)
        self.running.says("configuration loaded anew", self._loaded)

    def status(self, target: str) -> int:
        return int(get(self.port, target).split(b" ")[1])

    def passed(self, target: str, requests: int = 12) -> int:
        """How many of so many requests, each on a connection of its own, pass."""
        return [self.status(target) for _ in range(requests)].count(200)

    def hold(self, connect: Connect, upstream: socket.socket) -> int:
        """A request that is never answered; the number of the worker that has it."""
        connect(self.port).sendall(b"GET /held?a=1 HTTP/1.1\r\nHost: a\r\n\r\n")
        asked, _ = upstream.accept()
        with asked.makefile("rb") as lines:
            worker = next(int(line[7:]) for line in lines if line.startswith(b"Worker:"))
        asked.detach()
        return worker

    def holds(self) -> bool:
        """Whether such a request is let in now."""
        with connection(self.port) as visitor:
            visitor.sendall(b"GET /held?a=1 HTTP/1.1\r\nHost: a\r\n\r\n")
            visitor.settimeout(0.3)
            try:
                assert visitor.recv(12) == b"HTTP/1.1 503"
            except TimeoutError:
                return True
        return False

    def numbers(self) -> list[int]:
        """What stub_status says: active, accepts, handled, requests, reading, writing, waiting."""
        return [int(number) for number in re.findall(rb"[0-9]+", get(self.port, "/status").partition(b"\r\n\r\n")[2])]


def folders() -> set[Path]:
    parent = zones.MEMORY if os.access(zones.MEMORY, os.W_OK) else Path("/tmp")
    return set(parent.glob(f"{zones.PREFIX}*"))


def of(running: Running) -> list[Path]:
    return [folder for folder in folders() if folder.name.startswith(f"{zones.PREFIX}{running.process.pid}-")]


@pytest.fixture
def site(folder: Path, start: Start, upstream: socket.socket) -> Site:
    return Site(folder, start, upstream)


@pytest.mark.parametrize("main", ["", "worker_processes 2;", "worker_processes 4;", "master_process off;"])
def test_all_workers_count_together(site: Site, main: str) -> None:
    running = site.start(main=main)
    assert [site.passed("/x?a=1"), site.passed("/x?a=2")] == [4, 4]
    assert running.stop() == 0
    assert not of(running)


@pytest.mark.parametrize("main", ["worker_processes 2;", "master_process off;"])
def test_a_reload_keeps_the_counts_of_a_zone_that_is_the_same(site: Site, main: str) -> None:
    running = site.start(main=main)
    assert site.passed("/x?a=1") == 4
    site.hup()
    assert site.passed("/x?a=1") == 0
    # another size is another zone
    site.write(REQUESTS.replace("1m", "2m", 1) + CONNECTIONS, main)
    site.hup()
    assert site.passed("/x?a=1") == 4
    assert running.stop() == 0
    assert not of(running)


@pytest.mark.parametrize("main", ["worker_processes 2;", "master_process off;"])
def test_another_key_for_a_zone_is_refused(site: Site, main: str) -> None:
    running = site.start(main=main)
    site.write(REQUESTS.replace("$arg_a", "$arg_b") + CONNECTIONS, main)
    running.signal(signal.SIGHUP)
    running.says('the zone "one" uses the key "$arg_b", while it used the key "$arg_a" until now')
    assert site.passed("/x?a=1") == 4


def test_a_worker_that_is_killed_loses_no_counts(site: Site) -> None:
    running = site.start()
    assert site.passed("/x?a=1") == 4
    for worker in running.descendants():
        os.kill(worker, signal.SIGKILL)
    running.says("takes its place", 2)
    assert site.passed("/x?a=1") == 0


def test_what_a_killed_worker_held_is_given_back(site: Site, connect: Connect, upstream: socket.socket) -> None:
    running = site.start()
    worker = site.hold(connect, upstream)
    assert [site.status("/held?a=1") for _ in range(4)] == [503] * 4
    os.kill(worker, signal.SIGKILL)
    running.says("takes its place")
    until(site.holds)


def test_what_is_held_over_a_reload_counts_in_the_new_workers(
    site: Site, connect: Connect, upstream: socket.socket
) -> None:
    site.start()
    worker = site.hold(connect, upstream)
    site.hup()
    assert [site.status("/held?a=1") for _ in range(4)] == [503] * 4
    # the old worker is killed before it has drained: nobody takes its place
    os.kill(worker, signal.SIGKILL)
    until(lambda: not lives(worker))
    until(site.holds)


def test_nothing_is_left_when_all_are_killed_and_started_again(site: Site) -> None:
    running = site.start()
    assert len(of(running)) == 1
    workers = running.descendants()
    for pid in (running.process.pid, *workers):
        os.kill(pid, signal.SIGKILL)
    running.ended()
    until(lambda: not any(map(lives, workers)))
    (left,) = of(running)
    again = site._start("nginx.conf")
    again.says("Ctrl-C stops everything.", 2)
    assert not left.exists()
    assert len(of(again)) == 1
    assert again.stop() == 0
    assert not of(again)


def test_without_zones_there_is_no_file(site: Site) -> None:
    (site.folder / "nginx.conf").write_text(
        f"pid run.pid; events {{}} http {{ server {{ listen 127.0.0.1:{site.port}; }} }}"
    )
    running = site._start("nginx.conf").ready()
    assert not of(running)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
def test_workers_that_are_somebody_else_use_the_zones(site: Site) -> None:
    os.chmod(site.folder, 0o755)
    running = site.start(main="worker_processes 2; user nobody nogroup;")
    assert site.passed("/x?a=1") == 4
    (folder,) = of(running)
    assert (folder.stat().st_uid, folder.stat().st_mode & 0o777) == (0, 0o711)
    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o600}
    site.hup()
    assert site.passed("/x?a=1") == 0


def test_no_memory_for_a_zone(site: Site) -> None:
    site.write(REQUESTS.replace("1m", "4000000m", 1) + CONNECTIONS)
    running = site._start("nginx.conf")
    assert running.ended() == 1
    assert 'no memory for the zone "one"' in running.said
    assert "make it smaller in nginx.conf:1" in running.said
    assert not of(running)


def test_stub_status_counts_in_all_workers_and_over_reloads(site: Site, connect: Connect) -> None:
    running = site.start(main="worker_processes 2;")
    visitors = [connect(site.port) for _ in range(6)]
    for visitor in visitors[:4]:
        visitor.sendall(b"GET /x?a=1 HTTP/1.1\r\nHost: a\r\n\r\n")
        visitor.recv(1000)
    # the others publish once a second
    until(lambda: (numbers := site.numbers())[0] == 7 and numbers[3] == numbers[1] - 6 + 4)
    _, accepts, handled, _, reading, writing, waiting = site.numbers()
    assert handled == accepts
    assert (reading, writing, waiting) == (0, 1, 6)
    for visitor in visitors:
        visitor.close()
    until(lambda: site.numbers()[0] == 1)
    before = site.numbers()
    site.hup()
    after = site.numbers()
    assert (after[1], after[3]) == (before[1] + 1, before[3] + 1)
    for worker in running.descendants():
        os.kill(worker, signal.SIGKILL)
    running.says("takes its place", 2)
    assert site.numbers()[1] >= after[1] + 1


def test_machines_count_together_in_a_redis(site: Site, folder: Path, redis_server: RedisServer) -> None:
    """Two that share nothing else. When the Redis is gone, all requests pass, and it is told."""
    place = f"\n#pyproxy zone one {redis_server.url};\n"
    site.start(REQUESTS + CONNECTIONS + place)
    (folder / "other" / "html").mkdir(parents=True)
    (folder / "other" / "html" / "x").write_text("x")
    (port,) = free_ports(1)
    text = (folder / "nginx.conf").read_text()
    (folder / "other" / "nginx.conf").write_text(text.replace(f":{site.port};", f":{port};"))
    other = Running(folder / "other", "nginx.conf")
    try:
        other.ready()
        assert site.passed("/x?a=1", 2) == 2
        statuses = [get(port, "/x?a=1").split(b" ")[1] for _ in range(6)]
        assert statuses == [b"200"] * 2 + [b"503"] * 4
        assert site.passed("/x?a=1") == 0
        redis_server.stop()
        assert site.passed("/x?a=1") == 12
        site.running.says('zone "one" does not reach its Redis')
    finally:
        other.stop()
