"""Workers: how many there are, what becomes of one that dies, and whose rights they have."""

from __future__ import annotations

import collections
import contextlib
import os
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from .running import Running, free_ports, get, lives, refused, until

Start = Callable[..., Running]
ROOT = os.getuid() == 0


class Site:
    """A site that answers with the process id of the worker."""

    def __init__(self, folder: Path, start: Start) -> None:
        self.folder = folder
        self._start = start
        self._loaded = 0
        (self.port,) = free_ports(1)
        self.running: Running

    def write(self, main: str, http: str = "") -> None:
        (self.folder / "nginx.conf").write_text(
            f"pid run.pid; {main} events {{}} http {{ {http} server {{ listen 127.0.0.1:{self.port};"
            "location / { return 200 $pid; } } }"
        )

    def start(self, main: str, http: str = "", **options: object) -> Running:
        self.write(main, http)
        self.running = self._start("nginx.conf", **options)
        return self.running

    def hup(self) -> None:
        self._loaded += 1
        self.running.signal(signal.SIGHUP)
        self.running.says("configuration loaded anew", self._loaded)

    def worker(self) -> int:
        """The worker that answers one request."""
        answer = get(self.port)
        assert answer.startswith(b"HTTP/1.1 200 ")
        return int(answer.rpartition(b"\r\n")[2])

    def workers(self, requests: int = 40) -> collections.Counter[int]:
        """How many of so many connections each worker got."""
        return collections.Counter(self.worker() for _ in range(requests))


@pytest.fixture
def site(folder: Path, start: Start) -> Site:
    return Site(folder, start)


def test_by_default_there_is_one_and_the_master_serves_nobody(site: Site) -> None:
    running = site.start("").ready()
    assert list(site.workers(5)) == running.descendants()


def test_master_process_off(site: Site) -> None:
    running = site.start("master_process off; worker_processes 2;").ready()
    assert running.descendants() == []
    assert list(site.workers(5)) == [running.process.pid]
    site.hup()
    assert list(site.workers(5)) == [running.process.pid]
    assert running.stop() == 0


@pytest.mark.parametrize("number", [2, 4])
def test_connections_are_spread_evenly(site: Site, number: int) -> None:
    running = site.start(f"worker_processes {number};").ready()
    counts = site.workers(100 * number)
    print(f"\n{100 * number} connections to {number} workers: {sorted(counts.values())}")
    assert sorted(counts) == sorted(running.descendants())
    # by chance, one test in 10,000,000 has less than half of its part
    assert min(counts.values()) > 50


def test_their_number_changes_with_a_reload_and_no_queue_is_forgotten(site: Site) -> None:
    running = site.start("worker_processes 1;").ready()
    for number in (3, 2, 1):
        site.write(f"worker_processes {number};")
        site.hup()
        until(lambda number=number: len(running.descendants()) == number)
        assert sorted(site.workers(60)) == sorted(running.descendants())
    assert running.stop() == 0


def test_one_that_is_killed_is_replaced_and_the_site_goes_on(site: Site) -> None:
    running = site.start("worker_processes 2;").ready()
    first, second = running.descendants()
    os.kill(first, signal.SIGKILL)
    running.says(f"worker process {first} exited on signal 9")
    until(lambda: second in (now := running.descendants()) and len(now) == 2)
    counts = site.workers()
    assert len(counts) == 2
    assert second in counts
    assert first not in counts
    assert running.stop() == 0
    assert not any(map(lives, running.descendants()))


def test_its_replacement_serves_the_configuration_that_was_checked(site: Site) -> None:
    running = site.start("").ready()
    (site.folder / "nginx.conf").write_text("nonsense")
    worker = site.worker()
    os.kill(worker, signal.SIGKILL)
    running.says(f"worker process {worker} exited on signal 9")
    assert site.worker() == running.descendants()[0] != worker


def test_those_that_die_at_once_are_replaced_ever_more_slowly(site: Site) -> None:
    running = site.start("error_log stderr notice;").ready()
    took = []
    for number in range(1, 5):
        worker = site.worker()
        os.kill(worker, signal.SIGKILL)
        began = time.monotonic()
        running.says("takes its place", number)
        took.append(time.monotonic() - began)
    assert took[2] > 0.5
    assert took[3] > 1
    assert running.stop() == 0


def test_one_that_cannot_be_replaced_is_said_and_tried_again(site: Site) -> None:
    logs = site.folder / "logs"
    logs.mkdir()
    running = site.start("", "access_log logs/access.log;").ready()
    worker = site.worker()
    shutil.rmtree(logs)
    os.kill(worker, signal.SIGKILL)
    running.says("no worker takes its place, next attempt in 0.25 s: `access_log`")
    running.says("next attempt in 0.5 s")
    logs.mkdir()
    assert site.worker() != worker
    assert running.stop() == 0


def test_the_end_may_come_while_none_can_be_started(site: Site) -> None:
    logs = site.folder / "logs"
    logs.mkdir()
    running = site.start("", "access_log logs/access.log;").ready()
    worker = site.worker()
    shutil.rmtree(logs)
    os.kill(worker, signal.SIGKILL)
    running.says("next attempt in 1 s")
    running.signal(signal.SIGQUIT)
    assert running.ended() == 0
    assert "Traceback" not in running.said


def test_a_master_that_is_killed_leaves_no_worker(site: Site) -> None:
    running = site.start("worker_processes 2;").ready()
    workers = running.descendants()
    assert len(workers) == 2
    running.process.kill()
    running.ended()
    until(lambda: not any(map(lives, workers)))
    assert refused(site.port)


def test_a_worker_obeys_the_signals_that_nginx_documents(site: Site) -> None:
    running = site.start("error_log stderr notice;").ready()
    for place, number in enumerate((signal.SIGQUIT, signal.SIGTERM), 1):
        worker = site.worker()
        os.kill(worker, number)
        running.says(f"worker process {worker} exited with code 0")
        running.says("takes its place", place)


@pytest.mark.skipif(not ROOT, reason="only root can become somebody else")
def test_workers_of_root_become_the_user_and_can_open_their_logs_anew(site: Site) -> None:
    site.folder.chmod(0o755)
    logs = site.folder / "logs"
    logs.mkdir()
    running = site.start(
        "worker_processes 2; user nobody nogroup; error_log logs/error.log;", "access_log logs/access.log;"
    ).ready()
    for worker in site.workers():
        status = Path(f"/proc/{worker}/status").read_text()
        assert "\nUid:\t65534\t65534\t65534\t65534\n" in status
        assert "\nGid:\t65534\t65534\t65534\t65534\n" in status
        assert "\nGroups:\t65534 \n" in status
    (logs / "access.log").rename(logs / "access.log.1")
    running.signal(signal.SIGUSR1)
    until((logs / "access.log").exists)
    until(lambda: "GET" in ((site.worker() and (logs / "access.log").read_text()) or ""))
    assert running.stop() == 0
    assert (logs / "error.log").read_text() == ""


@pytest.mark.skipif(not ROOT, reason="only root can become somebody else")
def test_a_log_that_the_user_may_not_open_anew_is_said_and_hinders_nothing(site: Site) -> None:
    site.folder.chmod(0o755)
    logs = site.folder / "logs"
    logs.mkdir(mode=0o700)
    running = site.start("user nobody nogroup; error_log stderr;", "access_log logs/access.log;").ready()
    worker = site.worker()
    running.signal(signal.SIGUSR1)
    running.says(f'[emerg] {worker}#{worker}: open() "{logs}/access.log" failed (13: Permission denied)')
    assert site.worker() == worker


@pytest.mark.skipif(not ROOT, reason="only root can become somebody else")
def test_a_worker_that_cannot_become_the_user_is_said_and_nothing_starts(site: Site) -> None:
    wrapper = ("setpriv", "--bounding-set", "-setuid,-setgid", "--inh-caps", "-setuid,-setgid")
    running = site.start("worker_processes 2; user nobody nogroup;", wrapper=wrapper)
    assert running.ended() == 1
    assert running.said.endswith("pyproxy: a worker cannot become the user `nobody`: Operation not permitted\n")
    assert refused(site.port)
    assert not (site.folder / "run.pid").exists()


@pytest.mark.skipif(not ROOT, reason="only root is asked")
@pytest.mark.parametrize(
    ("user", "message"),
    [
        ("nobody-at-all", '`user`: there is no user "nobody-at-all" on this machine in nginx.conf:1'),
        ("nobody no-group", '`user`: there is no group "no-group" on this machine; name one'),
    ],
)
def test_a_user_who_does_not_exist(site: Site, user: str, message: str) -> None:
    running = site.start(f"user {user};")
    assert running.ended() == 1
    assert message in running.said


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc to see which files a process has open")
def test_logs_are_opened_anew_by_a_worker_that_does_not_serve_yet(site: Site) -> None:
    logs = site.folder / "logs"
    logs.mkdir()
    log = logs / "access.log"
    running = site.start("error_log logs/error.log;", "access_log logs/access.log;").ready()
    site.write("error_log logs/error.log; worker_processes 3;", "access_log logs/access.log;")
    (old,) = running.descendants()

    def open_in(pid: int) -> bool:
        with contextlib.suppress(OSError):
            return any(os.readlink(fd) == str(log) for fd in Path(f"/proc/{pid}/fd").iterdir())
        return False

    running.signal(signal.SIGHUP)
    # one of them is prepared, the others are not
    until(lambda: any(open_in(pid) for pid in running.descendants() if pid != old))
    log.rename(logs / "access.log.1")
    running.signal(signal.SIGUSR1)
    running.says("configuration loaded anew")
    until(lambda: not lives(old))
    until(lambda: all(map(open_in, running.descendants())))
    assert len(running.descendants()) == 3
    assert running.stop() == 0


def test_the_end_may_come_in_the_moment_of_a_replacement(site: Site) -> None:
    """Whatever the moment, no worker is left and nothing goes wrong."""
    for delay in (0.0, 0.1, 0.2, 0.25, 0.3):
        running = site.start("worker_processes 2; error_log error.log;").ready()
        family = running.descendants()
        os.kill(family[0], signal.SIGKILL)
        time.sleep(delay)
        family += running.descendants()
        running.signal(signal.SIGQUIT if delay else signal.SIGTERM)
        assert running.ended() == 0
        until(lambda family=family: not any(map(lives, family)))
        assert "Traceback" not in running.said + (site.folder / "error.log").read_text()
        running.err.unlink()
