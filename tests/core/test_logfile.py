"""The log writer: never in the way, whatever its file does."""

from __future__ import annotations

import asyncio
import os
import select
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pyproxy.core import logfile
from pyproxy.core.log import Logs
from pyproxy.core.logfile import LogFile

PATIENCE = 10.0


@pytest.fixture
def logs() -> Iterator[Logs]:
    logs = Logs()
    yield logs
    logs.close()


async def wait_for(path: Path, text: str) -> None:
    """Until the file holds exactly that."""

    def wait() -> None:
        deadline = time.monotonic() + PATIENCE
        while not path.exists() or path.read_text() != text:
            assert time.monotonic() < deadline
            time.sleep(0.01)

    await asyncio.to_thread(wait)


async def test_lines_are_written_soon_and_in_order(logs: Logs, tmp_path: Path) -> None:
    log = logs.open(str(tmp_path / "a.log"))
    log.write(b"before\n")
    logs.attach(asyncio.get_running_loop())
    log.write(b"one\n")
    await wait_for(tmp_path / "a.log", "before\none\n")
    log.write(b"two\n")
    await wait_for(tmp_path / "a.log", "before\none\ntwo\n")


def test_close_writes_what_is_left_without_any_loop(logs: Logs, tmp_path: Path) -> None:
    logs.open(str(tmp_path / "a.log")).write(b"one\n")
    logs.close()
    assert (tmp_path / "a.log").read_text() == "one\n"


def test_one_path_is_one_file(logs: Logs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert logs.open("a.log") is logs.open(f"{tmp_path}/a.log")
    assert logs.open("stderr") is logs.open("/dev/stderr")
    assert logs.open("stdout") is not logs.open("stderr")


async def test_reopen_after_a_rotation(logs: Logs, tmp_path: Path) -> None:
    log = logs.open(str(tmp_path / "a.log"))
    logs.attach(asyncio.get_running_loop())
    log.write(b"old\n")
    (tmp_path / "a.log").rename(tmp_path / "a.log.1")
    assert logs.reopen() == []
    log.write(b"new\n")
    await wait_for(tmp_path / "a.log", "new\n")
    await wait_for(tmp_path / "a.log.1", "old\n")


def test_reopen_keeps_the_old_file_where_the_new_one_cannot_be(logs: Logs, tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    log = logs.open(str(folder / "a.log"))
    folder.rename(tmp_path / "moved")
    assert logs.reopen() == [f'open() "{folder}/a.log" failed (2: No such file or directory)']
    log.write(b"still\n")
    logs.close()
    assert (tmp_path / "moved/a.log").read_text() == "still\n"


def test_the_old_file_is_closed(logs: Logs, tmp_path: Path) -> None:
    log = logs.open(str(tmp_path / "a.log"))
    before = log.fd
    logs.reopen()
    after = log.fd
    logs.close()
    for fd in (before, after):
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(fd)


class Pipe:
    """A log that nobody reads, until ``drain``."""

    def __init__(self, logs: Logs) -> None:
        self._read, self._write = os.pipe()
        self.log = LogFile(logs, None, self._write)
        self.text = b""

    def drain(self, until: bytes) -> None:
        while not self.text.endswith(until):
            self.text += os.read(self._read, 1 << 16)

    def close(self) -> None:
        self.log.close(PATIENCE)
        os.close(self._read)
        os.close(self._write)


@pytest.fixture
def pipe(logs: Logs) -> Iterator[Pipe]:
    pipe = Pipe(logs)
    yield pipe
    pipe.close()


def test_a_reader_that_is_stuck_costs_lines_not_memory(pipe: Pipe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logfile, "BACKLOG", 1 << 20)
    line = b"x" * 1023 + b"\n"
    for number in range(3000):
        pipe.log.write(line)
        if number % 100 == 0:
            pipe.log.flush()  # what the thread holds counts as well
    pipe.log.write(b"lost\n")
    assert 3000 - 1026 <= pipe.log.lost - 1 <= 3000 - 1024
    kept = 3001 - pipe.log.lost
    reader = threading.Thread(target=pipe.drain, args=(b"end\n",))
    pipe.log.flush()
    reader.start()
    while pipe.log._handed != pipe.log._done:
        pass
    pipe.log.write(b"end\n")
    pipe.log.flush()
    reader.join(PATIENCE)
    assert pipe.text == line * kept + b"end\n"


def test_a_log_that_is_stuck_keeps_no_other_waiting(pipe: Pipe, logs: Logs, tmp_path: Path) -> None:
    pipe.log.write(b"x" * (1 << 20) + b"!")
    pipe.log.flush()
    log = logs.open(str(tmp_path / "a.log"))
    log.write(b"one\n")
    log.close(PATIENCE)
    assert (tmp_path / "a.log").read_text() == "one\n"
    pipe.drain(b"!")


def test_closing_does_not_wait_for_ever(pipe: Pipe) -> None:
    pipe.log.write(b"x" * (1 << 20) + b"!")
    pipe.log.close(0.0)
    pipe.drain(b"!")


def test_who_makes_the_terminal_not_block_loses_nothing(pipe: Pipe) -> None:
    os.set_blocking(pipe.log.fd, False)
    pipe.log.write(b"x" * (1 << 20) + b"!")
    pipe.log.flush()
    pipe.drain(b"!")
    assert (len(pipe.text), pipe.log.lost) == ((1 << 20) + 1, 0)


def test_a_full_disk_loses_lines_and_says_so_once(logs: Logs, capfd: pytest.CaptureFixture[str]) -> None:
    log = LogFile(logs, "/dev/full")
    for _ in range(2):
        log.write(b"one\n")
        log.write(b"two\n")
        log.flush()
    log.close(PATIENCE)
    assert log.lost == 4
    message = 'pyproxy: write() to "/dev/full" failed (28: No space left on device), 2 lines are lost\n'
    assert capfd.readouterr().err == message


def test_a_file_that_cannot_be_opened(logs: Logs, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file or directory"):
        logs.open(str(tmp_path / "none/a.log"))


def test_into_a_pipe_go_whole_lines(pipe: Pipe, monkeypatch: pytest.MonkeyPatch) -> None:
    """Several processes write to it: what is more than it takes at once must not end within a line."""
    written: list[bytes] = []
    write = os.write

    def record(fd: int, data: memoryview) -> int:
        written.append(bytes(data))
        return write(fd, data)

    monkeypatch.setattr(os, "write", record)
    for _ in range(30):
        pipe.log.write(b"x" * 999 + b"\n")
    pipe.log.close(PATIENCE)
    assert b"".join(written) == (b"x" * 999 + b"\n") * 30
    assert all(data.endswith(b"\n") and len(data) <= select.PIPE_BUF for data in written)
