"""USR2: a new program on the same sockets; WINCH, QUIT and HUP to the old one, as nginx documents them."""

from __future__ import annotations

import functools
import os
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .running import Running, free_ports, get, lives, read_all, refused, until, visited

Start = Callable[..., Running]
Connect = Callable[[int | str], socket.socket]


class Site:
    """A site that can change its program; without a terminal, where WINCH is no change of its size."""

    def __init__(self, folder: Path, start: Start, upstream: socket.socket) -> None:
        self.folder = folder
        self.unix = str(folder / "s")
        (self.port,) = free_ports(1)
        self._upstream = upstream
        self._started: list[int] = []
        self.write("old")
        self.running = start("nginx.conf", start_new_session=True).ready()

    def write(self, text: str) -> None:
        (self.folder / "nginx.conf").write_text(
            "pid run.pid; worker_processes 2; error_log stderr notice; events {} http { access_log off; server {"
            f"listen 127.0.0.1:{self.port}; listen unix:{self.unix}; location / {{ return 200 '$pid {text}'; }}"
            f"location /wait {{ proxy_pass http://127.0.0.1:{self._upstream.getsockname()[1]}; }} }} }}"
        )

    def upgrade(self) -> int:
        """Start the new program; its process id."""
        self.running.signal(signal.SIGUSR2)
        self.running.says("Ready.", len(self._started) + 2)
        self._started.append(int((self.folder / "run.pid").read_text()))
        return self._started[-1]

    def rest(self) -> list[int]:
        """Let the old program's workers end; who they were."""
        workers = [pid for pid in self.running.descendants() if parent(pid) == self.running.process.pid]
        workers = [pid for pid in workers if pid not in self._started]
        self.running.signal(signal.SIGWINCH)
        until(lambda: not any(map(lives, workers)))
        return workers

    def answers(self, count: int = 20) -> set[tuple[int, str]]:
        """Whose worker answers, and what."""
        words = (get(self.port).rpartition(b"\r\n")[2].decode().split() for _ in range(count))
        return {(parent(int(pid)), text) for pid, text in words}

    def end(self) -> None:
        for pid in self._started:
            if lives(pid):
                os.kill(pid, signal.SIGKILL)


def parent(pid: int) -> int:
    """0 if the process has gone."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[1])
    except OSError:
        return 0


@pytest.fixture
def site(folder: Path, start: Start, upstream: socket.socket) -> Iterator[Site]:
    site = Site(folder, start, upstream)
    yield site
    site.end()


def test_a_new_program_takes_over_and_nobody_notices(site: Site, connect: Connect, upstream: socket.socket) -> None:
    old = site.running.process.pid
    client = connect(site.port)
    client.sendall(b"GET /wait HTTP/1.1\r\nHost: test\r\n\r\n")

    def visit(address: int | str) -> None:
        assert get(address).startswith(b"HTTP/1.1 200 ")

    visits = (functools.partial(visit, address) for address in (site.port, site.unix))
    with upstream.accept()[0] as server, visited(*visits) as failures:
        new = site.upgrade()
        assert (site.folder / "run.pid.oldbin").read_text() == f"{old}\n"
        # both serve now; then only the new one does
        site.running.signal(signal.SIGWINCH)
        until(lambda: site.answers() == {(new, "old")})
        assert lives(old)
        site.running.signal(signal.SIGQUIT)
        server.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        assert read_all(client).endswith(b"ok")
        assert site.running.ended() == 0
        assert not (site.folder / "run.pid.oldbin").exists()
        assert site.answers() == {(new, "old")}
        assert get(site.unix).startswith(b"HTTP/1.1 200 ")
    assert failures == []
    # it is a program like any other: it reloads, and removes what it listened on
    site.write("new")
    os.kill(new, signal.SIGHUP)
    until(lambda: site.answers() == {(new, "new")})
    os.kill(new, signal.SIGQUIT)
    until(lambda: not lives(new))
    assert refused(site.port)
    assert sorted(os.listdir(site.folder)) == ["err", "nginx.conf", "out"]


def test_the_old_program_takes_its_place_again(site: Site) -> None:
    """HUP brings its workers back, with the configuration that they had; QUIT to the new one leaves it alone."""
    old = site.running.process.pid
    site.write("new")
    new = site.upgrade()
    site.rest()
    assert site.answers() == {(new, "new")}
    site.running.signal(signal.SIGHUP)
    until(lambda: (old, "old") in site.answers())
    os.kill(new, signal.SIGQUIT)
    site.running.says("the new program exited with code 0; this one goes on")
    assert "[alert]" not in site.running.said
    assert site.answers() == {(old, "old")}
    assert get(site.unix).endswith(b"old")
    assert (site.folder / "run.pid").read_text() == f"{old}\n"
    assert not (site.folder / "run.pid.oldbin").exists()
    assert site.running.stop() == 0
    assert sorted(os.listdir(site.folder)) == ["err", "nginx.conf", "out"]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_when_the_new_program_dies_the_workers_of_the_old_one_come_back(site: Site, number: int) -> None:
    old = site.running.process.pid
    new = site.upgrade()
    site.rest()
    os.kill(new, number)
    site.running.says("the new program exited ")
    until(lambda: all(pid == old for pid, _ in site.answers()))
    assert (site.folder / "run.pid").read_text() == f"{old}\n"
    assert get(site.unix).endswith(b"old")
    # and it can be tried again
    new = site.upgrade()
    site.running.signal(signal.SIGQUIT)
    assert site.running.ended() == 0
    assert site.answers() == {(new, "old")}


def test_a_new_program_that_cannot_start_changes_nothing(site: Site) -> None:
    old = site.running.process.pid
    site.write("broken' 'config")
    site.running.signal(signal.SIGUSR2)
    site.running.says("the new program exited with code 1; this one goes on")
    assert site.answers() == {(old, "old")}
    assert (site.folder / "run.pid").read_text() == f"{old}\n"
    assert site.running.stop() == 0
    assert sorted(os.listdir(site.folder)) == ["err", "nginx.conf", "out"]


def test_there_is_one_new_program_at_a_time(site: Site) -> None:
    new = site.upgrade()
    site.running.signal(signal.SIGUSR2)
    site.running.says("the program is being changed already")
    os.kill(new, signal.SIGUSR2)
    site.running.says("the program is being changed already", 2)
    assert site.running.stop() == 0
    os.kill(new, signal.SIGTERM)
    until(lambda: not lives(new))


def test_winch_without_a_new_program_rests_until_a_reload(site: Site) -> None:
    old = site.running.process.pid
    site.rest()
    site.write("new")
    site.running.signal(signal.SIGHUP)
    site.running.says("configuration loaded anew")
    assert site.answers() == {(old, "new")}


def test_a_new_program_may_listen_elsewhere(site: Site) -> None:
    (other,) = free_ports(1)
    text = (site.folder / "nginx.conf").read_text()
    (site.folder / "nginx.conf").write_text(text.replace(f"127.0.0.1:{site.port}", f"127.0.0.1:{other}"))
    new = site.upgrade()
    assert get(other).endswith(b"old")
    assert get(site.port).endswith(b"old")
    site.running.signal(signal.SIGQUIT)
    assert site.running.ended() == 0
    assert refused(site.port)
    assert get(other).endswith(b"old")
    assert lives(new)
