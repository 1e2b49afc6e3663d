"""The log writer: never in the way, whatever its file does."""

from __future__ import annotations

import asyncio
import errno
import gzip
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pyproxy.core.logs import logfile
from pyproxy.core.logs.log import ERROR, ErrorLog, Logs, SiteLogs
from pyproxy.core.logs.logfile import Gathering, LogFile
from pyproxy.core.logs.logsink import FileSink

PATIENCE = 10.0


@pytest.fixture
def logs() -> Iterator[Logs]:
    logs = Logs()
    yield logs
    logs.close()


async def until(condition: Callable[[], object]) -> None:
    """Wait for the condition, as long as PATIENCE."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


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


class Clock:
    """A loop, and a timer, that only tells the time, and remembers how long it was to wait."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.waits: list[float] = []

    def time(self) -> float:
        return self.now

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Clock:
        self.waits.append(seconds)
        return self

    def cancel(self) -> None:
        pass


@pytest.mark.parametrize(("gathering", "first"), [(logfile.SOON, 0.0), (Gathering(1 << 16, 5.0), 5.0)])
def test_few_lines_go_at_once_and_many_together(logs: Logs, tmp_path: Path, gathering: Gathering, first: float) -> None:
    log = logs.open(str(tmp_path / "a.log"), gathering)
    clock = Clock()
    logs.attach(clock)  # type: ignore[arg-type]

    def write(times: int, pause: float) -> set[float]:
        clock.waits.clear()
        for _ in range(times):
            log.write(b"line\n")
            log.flush()
            clock.now += pause
        return set(clock.waits)

    assert write(logfile.AT_ONCE, 0.0) == {first}
    assert write(100, 0.0) == {gathering.seconds}
    clock.now += 1.0
    assert write(1000, 0.1) == {first}


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


@pytest.mark.parametrize("lines", [[], [b"one\n"]])
def test_the_old_file_is_closed(logs: Logs, tmp_path: Path, lines: list[bytes]) -> None:
    log = logs.open(str(tmp_path / "a.log"))
    sink = log.sink
    assert isinstance(sink, FileSink)
    before = sink.fd
    for line in lines:
        log.write(line)
    logs.reopen()
    opened = os.open(tmp_path, os.O_RDONLY)
    logs.close()
    os.close(opened)
    for fd in (before, opened):
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(fd)
    assert sink.fd == -1


def end(log: LogFile, seconds: float = PATIENCE) -> None:
    log.retire()
    log.join(seconds)


class Pipe:
    """A log that nobody reads, until ``drain``."""

    def __init__(self, logs: Logs) -> None:
        self._read, self._write = os.pipe()
        self.log = LogFile(logs, FileSink(None, self._write))
        self.fd = self._write
        self.text = b""

    def drain(self, until: bytes) -> None:
        while not self.text.endswith(until):
            self.text += os.read(self._read, 1 << 16)

    def close(self) -> None:
        end(self.log)
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
    pipe.log.flush()
    kept = 3001 - pipe.log.lost
    assert 1024 < kept < 1024 + 100
    reader = threading.Thread(target=pipe.drain, args=(b"end\n",))
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
    end(log)
    assert (tmp_path / "a.log").read_text() == "one\n"
    pipe.drain(b"!")


def test_closing_does_not_wait_for_ever(pipe: Pipe) -> None:
    pipe.log.write(b"x" * (1 << 20) + b"!")
    end(pipe.log, 0.0)
    pipe.drain(b"!")


def test_who_makes_the_terminal_not_block_loses_nothing(pipe: Pipe) -> None:
    os.set_blocking(pipe.fd, False)
    pipe.log.write(b"x" * (1 << 20) + b"!")
    pipe.log.flush()
    pipe.drain(b"!")
    assert (len(pipe.text), pipe.log.lost) == ((1 << 20) + 1, 0)


def test_a_full_disk_loses_lines_and_says_so_once(logs: Logs, capfd: pytest.CaptureFixture[str]) -> None:
    log = LogFile(logs, FileSink("/dev/full"))
    for _ in range(2):
        log.write(b"one\n")
        log.write(b"two\n")
        log.flush()
    end(log)
    assert log.lost == 4
    message = 'pyproxy: [alert] write() to "/dev/full" failed (28: No space left on device), lines are lost\n'
    assert capfd.readouterr().err == message


class Quota:
    """A disk: so many bytes may be written to it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.left = 0
        self._write = os.write
        monkeypatch.setattr(os, "write", self.write)

    def write(self, fd: int, data: bytes) -> int:
        if fd == 2:
            return self._write(fd, data)
        if not self.left:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written = self._write(fd, bytes(data)[: self.left])
        self.left -= written
        return written


@pytest.fixture
def quota(monkeypatch: pytest.MonkeyPatch) -> Quota:
    return Quota(monkeypatch)


def put(log: LogFile, *lines: bytes) -> None:
    """Write, and wait until that has been tried."""
    for line in lines:
        log.write(line)
    log.flush()
    while log._handed != log._done:
        pass


def test_how_much_was_lost_is_told_when_there_is_room_again(
    logs: Logs, quota: Quota, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    log = logs.open(str(tmp_path / "a.log"))
    put(log, b"one\n", b"two\n")
    put(log, b"three\n")
    quota.left = 1000
    put(log, b"four\n")
    put(log, b"five\n")
    assert (tmp_path / "a.log").read_text() == "four\nfive\n"
    assert capfd.readouterr().err == (
        f'pyproxy: [alert] write() to "{tmp_path}/a.log" failed (28: No space left on device), lines are lost\n'
        f"pyproxy: [alert] {tmp_path}/a.log is written to again, 3 lines were lost\n"
    )


@pytest.mark.parametrize(
    ("room", "kept", "lost"), [(4, "one\nthree\n", 1), (6, "one\ntw\nthree\n", 1), (2, "on\nthree\n", 2)]
)
def test_a_line_that_was_torn_by_a_full_disk_tears_no_other(
    logs: Logs, quota: Quota, tmp_path: Path, room: int, kept: str, lost: int
) -> None:
    log = logs.open(str(tmp_path / "a.log"))
    quota.left = room
    put(log, b"one\n", b"two\n")
    assert log.lost == lost
    quota.left = 1000
    put(log, b"three\n")
    assert (tmp_path / "a.log").read_text() == kept


async def test_a_log_that_cannot_be_written_is_complained_of_in_the_error_log(logs: Logs, tmp_path: Path) -> None:
    errors = logs.open(str(tmp_path / "error.log"))
    logs.attach(asyncio.get_running_loop(), ErrorLog([(errors, ERROR)]))
    logs.open("/dev/full").write(b"one\n")
    await until(lambda: "[alert]" in (tmp_path / "error.log").read_text())
    assert 'write() to "/dev/full" failed (28: No space left on device)' in (tmp_path / "error.log").read_text()


async def test_the_error_log_is_complained_of_on_standard_error(logs: Logs, capfd: pytest.CaptureFixture[str]) -> None:
    error_log = ErrorLog([(logs.open("/dev/full"), ERROR)])
    logs.attach(asyncio.get_running_loop(), error_log)
    error_log.write(ERROR, "one")
    said: list[str] = []

    def heard() -> bool:
        said.append(capfd.readouterr().err)
        return bool("".join(said))

    await until(heard)
    assert 'write() to "/dev/full" failed' in "".join(said)


async def test_lines_are_held_until_the_buffer_is_full(logs: Logs, tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    logs.attach(asyncio.get_running_loop())
    log = logs.open(str(path), Gathering(10, None))
    for line in (b"one\n", b"two\n", b"\n", b"\n"):
        log.write(line)
    await asyncio.sleep(0.2)  # longer than lines wait in a log that is not buffered
    assert path.read_text() == ""
    log.write(b"3\n")
    await wait_for(path, "one\ntwo\n\n\n")
    log.write(b"longer than the buffer\n")
    await wait_for(path, "one\ntwo\n\n\n3\nlonger than the buffer\n")


async def test_lines_are_held_until_their_time_has_passed(logs: Logs, tmp_path: Path) -> None:
    logs.attach(asyncio.get_running_loop())
    log = logs.open(str(tmp_path / "a.log"), Gathering(1000, 0.05))
    log.write(b"one\n")
    await wait_for(tmp_path / "a.log", "one\n")


def test_what_is_held_is_written_at_the_end(logs: Logs, tmp_path: Path) -> None:
    logs.open(str(tmp_path / "a.log"), Gathering(1000, None)).write(b"one\n")
    logs.close()
    assert (tmp_path / "a.log").read_text() == "one\n"


async def test_what_is_held_is_written_when_the_files_are_opened_again(logs: Logs, tmp_path: Path) -> None:
    logs.attach(asyncio.get_running_loop())
    logs.open(str(tmp_path / "a.log"), Gathering(1000, None)).write(b"one\n")
    assert logs.reopen() == []
    await wait_for(tmp_path / "a.log", "one\n")


def test_gzip_appends_members(logs: Logs, tmp_path: Path) -> None:
    log = logs.open(str(tmp_path / "a.log"), Gathering(10, None, 9))
    for line in (b"one\n", b"two\n", b"three\n"):
        log.write(line)
    logs.close()
    data = (tmp_path / "a.log").read_bytes()
    assert (data.count(b"\x1f\x8b\x08"), gzip.decompress(data)) == (2, b"one\ntwo\nthree\n")


def test_a_fifo_that_nobody_reads_is_not_waited_for(logs: Logs, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(OSError, match="No such device or address"):
        logs.open(str(tmp_path / "fifo"))


def test_what_no_configuration_uses_is_closed_and_not_made_anew(logs: Logs, tmp_path: Path) -> None:
    old, new = SiteLogs(logs, str(tmp_path)), SiteLogs(logs, str(tmp_path))
    gone, kept = old.open_access_log("gone.log"), old.open_access_log("kept.log")
    assert new.open_access_log("kept.log") is kept
    gone.write(b"one\n")
    old.close()
    assert logs.paths() == [str(tmp_path / "kept.log")]
    end(gone)
    assert (tmp_path / "gone.log").read_text() == "one\n"
    (tmp_path / "gone.log").unlink()
    assert logs.reopen() == []
    assert not (tmp_path / "gone.log").exists()
    new.close()
    assert logs.paths() == []


def test_what_is_left_of_a_released_log_is_waited_for(logs: Logs, tmp_path: Path) -> None:
    site = SiteLogs(logs, str(tmp_path))
    site.open_access_log("a.log").write(b"x" * (1 << 20) + b"\n")
    site.close()
    logs.close()
    assert (tmp_path / "a.log").stat().st_size == (1 << 20) + 1


WRITE = """
import sys
from pyproxy.core.logs.log import ERROR, ErrorLog, Logs, SiteLogs
logs = Logs()
log = logs.open(sys.argv[1])
for number in range(3000):
    log.write(sys.argv[2].encode() * 500 + b"\\n")
    if number % 100 == 0:
        log.flush()
logs.close()
"""


def test_several_processes_tear_no_lines(tmp_path: Path) -> None:
    path = str(tmp_path / "a.log")
    processes = [subprocess.Popen([sys.executable, "-c", WRITE, path, letter]) for letter in "abc"]
    assert [process.wait(30) for process in processes] == [0, 0, 0]
    lines = (tmp_path / "a.log").read_bytes().splitlines()
    assert {letter: lines.count(letter * 500) for letter in (b"a", b"b", b"c")} == dict.fromkeys(
        (b"a", b"b", b"c"), 3000
    )


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
    end(pipe.log)
    assert b"".join(written) == (b"x" * 999 + b"\n") * 30
    assert all(data.endswith(b"\n") and len(data) <= select.PIPE_BUF for data in written)
