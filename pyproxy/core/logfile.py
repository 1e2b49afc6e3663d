"""One log: lines are gathered in memory and written by a thread, so that no disk and no terminal stalls a request."""

from __future__ import annotations

import contextlib
import os
import select
import threading
import time
from collections.abc import Callable
from queue import SimpleQueue
from typing import Protocol

BACKLOG = 16 << 20
"""Bytes of lines kept while the file cannot be written; what comes after is counted and dropped."""
COMPLAIN_EVERY = 60.0
"""Seconds between two complaints about one file, as in nginx."""

_Job = Callable[[], None] | None


class Waker(Protocol):
    """Who calls ``flush`` soon after it was told that there is something."""

    def wake(self) -> None: ...


class LogFile:
    """``write`` never blocks and never fails.

    Each log has its own thread: a terminal that was stopped, or a pipe that nobody reads, keeps no other waiting.
    """

    def __init__(self, logs: Waker, path: str | None, fd: int = -1) -> None:
        """Open ``path``, or take ``fd``. Raises OSError."""
        self.path = path
        self.fd = fd
        self.lost = 0
        """Lines that could not be written."""
        self._logs = logs
        self._lines: list[bytes] = []
        self._size = 0
        # counted apart by the two threads, so that neither needs a lock
        self._handed = 0
        self._done = 0
        self._jobs: SimpleQueue[_Job] | None = None
        self._thread: threading.Thread | None = None
        self._complained = float("-inf")
        if path is not None:
            self.reopen()

    def write(self, line: bytes) -> None:
        """Take one line, with its newline."""
        if self._size + self._handed - self._done > BACKLOG:
            self.lost += 1
            return
        if not self._lines:
            self._logs.wake()
        self._lines.append(line)
        self._size += len(line)

    def flush(self) -> None:
        """Hand everything gathered to the thread."""
        if not self._lines:
            return
        data = b"".join(self._lines)
        self._lines, self._size = [], 0
        self._handed += len(data)
        if self._jobs is None:
            self._jobs = SimpleQueue()
            # not a thread of an executor: Python would wait for one that hangs when the process ends
            self._thread = threading.Thread(target=_work, args=(self._jobs,), name="log", daemon=True)
            self._thread.start()
        self._jobs.put(lambda: self._put(data))

    def reopen(self) -> None:
        """Open the path again, as after a rotation; lines taken before go to the old file. Raises OSError."""
        if self.path is None:
            return
        fd = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
        self.flush()
        if self._jobs is None:
            self._swap(fd)
        else:
            # in the thread: a file closed under a write would let that go to whatever has its number next
            self._jobs.put(lambda: self._swap(fd))

    def close(self, seconds: float) -> None:
        """Write everything that is left, for ``seconds`` at most."""
        self.flush()
        if self._jobs is not None and self._thread is not None:
            if self.path is not None:
                self._jobs.put(lambda: self._swap(-1))
            self._jobs.put(None)
            self._thread.join(max(0.0, seconds))
            self._jobs = self._thread = None
        elif self.path is not None:
            self._swap(-1)

    def _swap(self, fd: int) -> None:
        old, self.fd = self.fd, fd
        if old >= 0:
            os.close(old)

    def _put(self, data: bytes) -> None:
        """Write to the file. A log that cannot be written loses these lines and nothing else."""
        rest = memoryview(data)
        try:
            while rest and self.fd >= 0:
                try:
                    rest = rest[os.write(self.fd, rest[: self._whole_lines(data, len(data) - len(rest))]) :]
                except BlockingIOError:
                    # somebody who shares the terminal with us has made it so
                    select.select([], [self.fd], [])
        except OSError as error:
            lost = bytes(rest).count(b"\n")
            self.lost += lost
            self._complain(error, lost)
        finally:
            self._done += len(data)

    def _whole_lines(self, data: bytes, begin: int) -> int:
        """How many bytes from ``begin`` may go out in one write, so that lines of several processes do not mix:
        all of them into a file, which is opened to append; into a pipe as many as it takes at once."""
        if self.path is not None or len(data) - begin <= select.PIPE_BUF:
            return len(data) - begin
        end = data.rfind(b"\n", begin, begin + select.PIPE_BUF) + 1
        return end - begin if end > begin else len(data) - begin

    def _complain(self, error: OSError, lost: int) -> None:
        now = time.monotonic()
        if self.fd == 2 or now - self._complained < COMPLAIN_EVERY:
            return
        self._complained = now
        name = self.path or "stdout"
        text = f'pyproxy: write() to "{name}" failed ({error.errno}: {error.strerror}), {lost} lines are lost\n'
        with contextlib.suppress(OSError):
            os.write(2, text.encode("utf-8", "backslashreplace"))


def _work(jobs: SimpleQueue[_Job]) -> None:
    while (job := jobs.get()) is not None:
        job()
