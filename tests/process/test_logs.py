"""Where lines go: standard output and error unless the configuration says; USR1; outputs that nobody reads."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .running import PATIENCE, Running, free_ports, get, until

Start = Callable[..., Running]

ACCESS = re.compile(r'^127\.0\.0\.1 - - \[.+\] "GET /(\S*) HTTP/1\.1" 502 \d+ "-" "-"$', re.MULTILINE)
ERROR = re.compile(r"^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d \[error\] \d+#\d+: .*127\.0\.0\.1:1", re.MULTILINE)


def write(folder: Path, main: str = "", http: str = "") -> int:
    """A site whose every request is an error; its port."""
    (port,) = free_ports(1)
    (folder / "nginx.conf").write_text(
        f"{main} events {{}} http {{ {http} server {{ listen 127.0.0.1:{port};"
        "location / { proxy_pass http://127.0.0.1:1; } location /ok { return 200 ok; } } }"
    )
    return port


def fill(pipe: int) -> None:
    """Write to it until it takes no more."""
    os.set_blocking(pipe, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(pipe, bytes(4096))
    os.set_blocking(pipe, True)


def test_by_default_requests_go_to_standard_output_and_errors_to_standard_error(folder: Path, start: Start) -> None:
    port = write(folder)
    running = start("nginx.conf").ready()
    get(port)
    until(lambda: ACCESS.search(running.out.read_text()) and ERROR.search(running.said))
    assert running.stop() == 0
    assert "GET" not in ERROR.sub("", running.said).partition("Ready")[0]


def test_what_is_gathered_is_written_at_the_end(folder: Path, start: Start) -> None:
    port = write(folder)
    running = start("nginx.conf").ready()
    get(port, "/ok")
    assert running.stop() == 0
    assert '"GET /ok HTTP/1.1" 200 2' in running.out.read_text()


def test_usr1_opens_the_files_again(folder: Path, start: Start) -> None:
    port = write(folder, "error_log error.log;", "access_log access.log;")
    running = start("nginx.conf").ready()
    get(port, "/before")
    until(lambda: (folder / "error.log").read_text() and (folder / "access.log").read_text())
    for name in ("error.log", "access.log"):
        (folder / name).rename(folder / f"{name}.1")
    running.signal(signal.SIGUSR1)
    until(lambda: (folder / "error.log").exists() and (folder / "access.log").exists())
    get(port, "/after")
    assert running.stop() == 0
    assert ACCESS.findall((folder / "access.log.1").read_text()) == ["before"]
    assert ACCESS.findall((folder / "access.log").read_text()) == ["after"]
    assert [ERROR.search((folder / name).read_text()) is not None for name in ("error.log.1", "error.log")] == [
        True
    ] * 2
    assert "GET" not in running.said + running.out.read_text()


def test_usr1_with_a_file_that_cannot_be_opened(folder: Path, start: Start) -> None:
    (folder / "access").mkdir()
    port = write(folder, "error_log error.log;", "access_log access/access.log;")
    running = start("nginx.conf").ready()
    (folder / "access" / "access.log").unlink()
    (folder / "access").rmdir()
    running.signal(signal.SIGUSR1)
    complaint = f'open() "{folder}/access/access.log" failed (2: '
    # the master's, and its worker's
    for pid in (running.process.pid, *running.descendants()):
        until(lambda pid=pid: f"[emerg] {pid}#{pid}: {complaint}" in (folder / "error.log").read_text())
    assert get(port, "/ok").endswith(b"ok")


def test_a_closed_pipe_as_output_hinders_nothing(folder: Path, start: Start) -> None:
    port = write(folder)
    reading, writing = os.pipe()
    running = start("nginx.conf", stdout=writing, stderr=writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as said:
        assert any(b"Ready" in line for line in said)
    for _ in range(3):
        get(port)
        assert get(port, "/ok").endswith(b"ok")
    running.signal(signal.SIGHUP)
    assert get(port, "/ok").endswith(b"ok")
    assert running.stop() == 0


def test_an_output_that_nobody_reads_hinders_nothing(folder: Path, start: Start) -> None:
    """As under ``| less``, or in a terminal after Ctrl-S."""
    port = write(folder)
    reading, writing = os.pipe()
    try:
        fill(writing)
        running = start("nginx.conf", stdout=writing).ready()
        assert get(port, "/ok").endswith(b"ok")
        assert get(port, "/ok").endswith(b"ok")
        try:
            assert running.stop() == 0
        except subprocess.TimeoutExpired:
            pytest.fail("waits for its output to be read")
    finally:
        os.close(reading)
        os.close(writing)


def open_files(running: Running) -> set[str]:
    """The names of the logs that the master and its workers have open."""
    found = set()
    for pid in (running.process.pid, *running.descendants()):
        # a worker may have ended meanwhile, and a file been closed
        with contextlib.suppress(FileNotFoundError):
            for link in Path(f"/proc/{pid}/fd").iterdir():
                with contextlib.suppress(OSError):
                    found.add(link.readlink().name)
    return {name for name in found if name.endswith(".log")}


def test_what_a_reload_no_longer_uses_is_closed_and_not_made_anew(folder: Path, start: Start) -> None:
    port = write(folder, "error_log error.log;", "access_log one.log combined buffer=1m;")
    running = start("nginx.conf").ready()
    get(port, "/one")
    configuration = (folder / "nginx.conf").read_text()
    (folder / "nginx.conf").write_text(configuration.replace("one.log", "two.log"))
    running.signal(signal.SIGHUP)
    until(lambda: open_files(running) == {"error.log", "two.log"})
    # what was held for a buffer to be full is written when the worker that held it ends
    assert '"GET /one HTTP/1.1" 502' in (folder / "one.log").read_text()
    (folder / "one.log").unlink()
    (folder / "two.log").unlink()
    running.signal(signal.SIGUSR1)
    until((folder / "two.log").exists)
    get(port, "/two")
    assert running.stop() == 0
    assert not (folder / "one.log").exists()
    assert '"GET /two HTTP/1.1" 502' in (folder / "two.log").read_text()


def test_a_configuration_that_is_refused_leaves_no_log_open(folder: Path, start: Start) -> None:
    port = write(folder, "error_log error.log;", "access_log one.log;")
    running = start("nginx.conf").ready()
    configuration = (folder / "nginx.conf").read_text()
    for number, fault in enumerate(("nonsense;", "location /x { access_log three.log unknown; }"), 1):
        broken = configuration.replace("one.log", "two.log").replace("location / ", f"{fault} location / ")
        (folder / "nginx.conf").write_text(broken)
        running.signal(signal.SIGHUP)
        until(lambda n=number: (folder / "error.log").read_text().count("the new configuration is not used") == n)
        assert open_files(running) == {"error.log", "one.log"}
    assert get(port, "/ok").endswith(b"ok")


def test_syslog_from_several_workers(folder: Path, start: Start) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.bind(str(folder / "syslog"))
        server.settimeout(PATIENCE)
        target = f"syslog:server=unix:{folder}/syslog,nohostname"
        port = write(folder, f"worker_processes 2; error_log {target};", f"access_log {target},tag=access;")
        running = start("nginx.conf").ready()
        get(port)
        messages = sorted(server.recv(65536).decode() for _ in range(2))
        assert re.fullmatch(r"<187>\w{3} [ \d]\d [\d:]{8} nginx: [\d/]{10} [\d:]{8} \[error\] .*", messages[0])
        assert re.fullmatch(r'<190>\w{3} [ \d]\d [\d:]{8} access: .*"GET / HTTP/1.1" 502 .*', messages[1])
        assert running.stop() == 0


@pytest.fixture
def small_disk(folder: Path) -> Iterator[Path]:
    """A file system of 64 kilobytes."""
    disk = folder / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no file system can be mounted here")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_full_disk_stops_nothing(folder: Path, start: Start, small_disk: Path) -> None:
    (small_disk / "filler").write_bytes(bytes(65536))
    port = write(folder, "error_log error.log;", "access_log disk/access.log; access_log disk/$host.log; root .;")
    running = start("nginx.conf").ready()
    for _ in range(3):
        assert get(port, "/ok").endswith(b"ok")
    errors = folder / "error.log"
    for name in ("access", "test"):
        complaint = rf'\[alert\] .*write\(\) to "{small_disk}/{name}.log" failed \(28: No space left on device\)'
        until(lambda complaint=complaint: re.search(complaint, errors.read_text()))
    (small_disk / "filler").unlink()
    assert get(port, "/ok?now").endswith(b"ok")
    again = re.compile(r"access\.log is written to again, ([123]) lines? w(?:as|ere) lost")
    until(lambda: again.search(errors.read_text()))
    assert running.stop() == 0
    lost = again.search(errors.read_text())
    assert lost is not None
    for name in ("access", "test"):
        assert (small_disk / f"{name}.log").read_text().count("GET /ok?now") == 1
    assert (small_disk / "access.log").read_text().count("GET /ok") + int(lost[1]) == 4
    assert errors.read_text().count("No space left on device") == 2


def test_no_disk_for_the_error_log_either(folder: Path, start: Start) -> None:
    port = write(folder, "error_log /dev/full;", "access_log /dev/full;")
    running = start("nginx.conf").ready()
    for _ in range(3):
        assert b" 502 " in get(port)
        assert get(port, "/ok").endswith(b"ok")
    running.says('pyproxy: [alert] write() to "/dev/full" failed (28: No space left on device), lines are lost')
    assert running.stop() == 0
