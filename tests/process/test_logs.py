"""Where lines go: standard output and error unless the configuration says; USR1; outputs that nobody reads."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from .running import Running, free_ports, get, until

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
