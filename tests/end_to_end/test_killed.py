"""Each process of a GoLink that is visited is killed with -9: what is lost, and that the site heals by itself."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from golink_site import PATIENCE, free_port, lay_out, running

VISITORS = 4
"""Of each kind."""


class Family:
    """A pyproxy with two workers in front of GoLink, and all that it has started."""

    def __init__(self, prefix: Path, process: subprocess.Popen[bytes], port: int) -> None:
        self.prefix = prefix
        self.process = process
        self.port = port

    def members(self) -> dict[int, str]:
        """Process ids and command lines of all that has this folder in its environment, whosever child it is now."""
        mark = f"\0GOLINK_DATABASE={self.prefix}/".encode()
        found = {}
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if mark in b"\0" + (process / "environ").read_bytes():
                    found[int(process.name)] = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        return {pid: args for pid, args in found.items() if pid != self.process.pid and args}

    def named(self, what: str) -> list[int]:
        """The oldest first."""
        return sorted(pid for pid, args in self.members().items() if what in args and lives(pid))


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] not in "ZX"
    except OSError:
        return False


class Visitors:
    """Each asks for one thing again and again, on connections of his own, and counts what he gets."""

    def __init__(self, port: int) -> None:
        self.got: dict[str, Counter[str]] = {}
        self._port = port
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def send(self, path: str) -> None:
        counts = self.got[path] = Counter()
        for _ in range(VISITORS):
            self._threads.append(threading.Thread(target=self._repeat, args=(path, counts)))
            self._threads[-1].start()

    def _repeat(self, path: str, counts: Counter[str]) -> None:
        while not self._stop.is_set():
            try:
                counts[ask(self._port, path)[9:12].decode() or "nothing"] += 1
            except ConnectionRefusedError:
                counts["refused"] += 1
                time.sleep(0.01)
            except OSError as error:
                counts[type(error).__name__] += 1
            time.sleep(0.002)

    def seen(self, path: str, what: str, times: int = 20) -> None:
        """Wait until it has come so many times from now on."""
        before = self.got[path][what]
        until(lambda: self.got[path][what] >= before + times)

    def lost(self, path: str) -> Counter[str]:
        """All but what was asked for."""
        return Counter({what: count for what, count in self.got[path].items() if what != "200"})

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()


def ask(port: int, path: str) -> bytes:
    """The whole answer."""
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as sock:
        sock.sendall(f"GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n".encode())
        return b"".join(iter(lambda: sock.recv(65536), b""))


GUNICORN = "/gunicorn --bind"
STATIC, PROXIED = "/static/golink.css", "/health"


@pytest.fixture
def family(tmp_path: Path) -> Iterator[Family]:
    port = free_port()
    lay_out(tmp_path, port, free_port())
    command = [sys.executable, "-m", "pyproxy", "-g", "worker_processes 2;", "conf/app.toml"]
    with running(command, tmp_path, tmp_path / "output", f"http://127.0.0.1:{port}") as process:
        yield Family(tmp_path, process, port)


@pytest.fixture
def visitors(family: Family) -> Iterator[Visitors]:
    visitors = Visitors(family.port)
    try:
        for path in (STATIC, PROXIED):
            visitors.send(path)
            visitors.seen(path, "200")
        yield visitors
    finally:
        visitors.stop()


def say(who: str, visitors: Visitors) -> None:
    for path in (STATIC, PROXIED):
        print(f"\n{who} killed: {path} {dict(visitors.got[path])}")


def test_a_worker(family: Family, visitors: Visitors) -> None:
    old = family.named("pyproxy.process.worker")
    assert len(old) == 2
    os.kill(old[0], signal.SIGKILL)
    until(lambda: len(now := family.named("pyproxy.process.worker")) == 2 and old[0] not in now)
    for path in (STATIC, PROXIED):
        visitors.seen(path, "200")
    visitors.stop()
    say("worker", visitors)
    lost = visitors.lost(STATIC) + visitors.lost(PROXIED)
    # nobody is refused, and who has lost a request was with that worker
    assert lost.keys() <= {"nothing", "ConnectionResetError"}
    assert lost.total() <= 2 * VISITORS


@pytest.mark.parametrize("which", ["master", "worker"])
def test_gunicorn(family: Family, visitors: Visitors, which: str) -> None:
    processes = family.named(GUNICORN)
    victim = processes[0] if which == "master" else processes[-1]
    os.kill(victim, signal.SIGKILL)
    until(lambda: len(set(family.named(GUNICORN)) - set(processes)) >= (4 if which == "master" else 1))
    until(lambda: len(family.named(GUNICORN)) == 4)
    visitors.seen(PROXIED, "200", 100)
    visitors.stop()
    say(f"gunicorn's {which}", visitors)
    assert visitors.lost(STATIC) == {}
    # what was inside is lost; while nobody listens there, the answer is at once that of a gateway
    lost = visitors.lost(PROXIED)
    assert lost.keys() <= {"502"}
    if which == "worker":
        assert lost.total() <= VISITORS
    assert ask(family.port, PROXIED).startswith(b"HTTP/1.1 200 ")


def test_supervisord(family: Family, visitors: Visitors) -> None:
    supervisord = family.named("/supervisord/main.py")
    before = family.named(GUNICORN)
    for pid in supervisord:
        os.kill(pid, signal.SIGKILL)
    # its programs do not run twice: the old ones end, then new ones begin
    until(lambda: not any(map(lives, before)))
    until(lambda: len(family.named(GUNICORN)) >= 4)
    visitors.seen(PROXIED, "200", 100)
    visitors.stop()
    say("supervisord", visitors)
    assert visitors.lost(STATIC) == {}
    assert visitors.lost(PROXIED).keys() <= {"502"}
    assert not set(family.named("/supervisord/main.py")) & set(supervisord)


def test_the_master(family: Family, visitors: Visitors) -> None:
    """Its workers finish what they began, everything ends, and a new one can be started at once."""
    everybody = family.members()
    with socket.create_connection(("127.0.0.1", family.port), PATIENCE) as events:
        events.sendall(b"GET /demo/events?count=20&interval=0.1 HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")
        assert events.recv(16)
        family.process.kill()
        family.process.wait()
        rest = b"".join(iter(lambda: events.recv(65536), b""))
    assert rest.count(b"id: ") == 20
    command = [sys.executable, "-m", "pyproxy", "-g", "worker_processes 2;", "conf/app.toml"]
    address = f"http://127.0.0.1:{family.port}"
    with running(command, family.prefix, family.prefix / "output2", address) as process:
        for path in (STATIC, PROXIED):
            visitors.seen(path, "200")
        until(lambda: not any(map(lives, everybody)))
        new = Family(family.prefix, process, family.port)
        assert len(new.named("pyproxy.process.worker")) == 2
        assert len(new.named(GUNICORN)) >= 4
        visitors.stop()
        say("master", visitors)
    # no request that was taken is lost: while nobody listens connections are refused, and the system resets those that
    # waited to be accepted when the last socket was closed
    lost = visitors.lost(STATIC) + visitors.lost(PROXIED)
    assert lost.keys() <= {"refused", "ConnectionResetError", "502"}
    assert lost["ConnectionResetError"] <= 2 * VISITORS
