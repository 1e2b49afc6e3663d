"""Log files: lines are gathered in memory and written by a thread, so that no disk and no terminal stalls a request."""

from __future__ import annotations

import asyncio
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

EMERG, ALERT, CRIT, ERROR, WARN, NOTICE, INFO, DEBUG = range(1, 9)
LEVELS = {
    "emerg": EMERG,
    "alert": ALERT,
    "crit": CRIT,
    "error": ERROR,
    "warn": WARN,
    "notice": NOTICE,
    "info": INFO,
    "debug": DEBUG,
}
_NAMES = {level: name for name, level in LEVELS.items()}

FLUSH_AFTER = 0.1
"""Seconds that a line waits for others at most."""
BACKLOG = 16 << 20
"""Bytes of lines kept while the file cannot be written; what comes after is counted and dropped."""


class LogFile:
    """One open log. ``write`` never blocks and never fails."""

    def __init__(self, logs: Logs, path: str | None, fd: int = -1) -> None:
        self.path = path
        self.fd = fd
        self.lost = 0
        """Lines that could not be written."""
        self._logs = logs
        self._lines: list[bytes] = []
        self._size = 0
        if path is not None:
            self.reopen()

    def reopen(self) -> None:
        """Open the path again, as after a rotation. Raises OSError."""
        if self.path is None:
            return
        fd = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
        old, self.fd = self.fd, fd
        if old >= 0:
            os.close(old)

    def write(self, line: bytes) -> None:
        """Take one line, with its newline."""
        if not self._lines:
            self._logs.wake()
        elif self._size > BACKLOG:
            self.lost += 1
            return
        self._lines.append(line)
        self._size += len(line)

    def take(self) -> bytes:
        """Everything gathered, which is then the caller's to put."""
        lines, self._lines, self._size = self._lines, [], 0
        return b"".join(lines)

    def put(self, data: bytes) -> None:
        """Write to the file. A log that cannot be written loses these lines and nothing else."""
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[os.write(self.fd, rest) :]
        except OSError:
            self.lost += bytes(rest).count(b"\n")


class Logs:
    """Every log of a process, one LogFile a path, and the thread that writes them."""

    def __init__(self) -> None:
        self._files: dict[str, LogFile] = {}
        self._thread: ThreadPoolExecutor | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None

    def open(self, path: str) -> LogFile:
        """The log at ``path``; ``stderr`` and ``stdout`` are the process's own. Raises OSError."""
        streams = {"stderr": 2, "stdout": 1}
        key = path if path in streams else str(Path(path).absolute())
        if key not in self._files:
            self._files[key] = LogFile(self, None, streams[path]) if path in streams else LogFile(self, key)
        return self._files[key]

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """From now on write in a thread, soon after each line. Before that lines wait for ``close``."""
        self._loop = loop
        self._thread = ThreadPoolExecutor(1, "log")
        self.wake()

    def wake(self) -> None:
        """Have what is gathered written soon."""
        if self._loop is not None and self._timer is None:
            self._timer = self._loop.call_later(FLUSH_AFTER, self._flush)

    def _flush(self) -> None:
        self._timer = None
        for log in self._files.values():
            if (data := log.take()) and self._thread is not None:
                self._thread.submit(log.put, data)

    def reopen(self) -> list[str]:
        """Open every file again; the complaints of those that could not be."""
        complaints = []
        for log in self._files.values():
            try:
                log.reopen()
            except OSError as error:
                complaints.append(f'open() "{log.path}" failed ({error.errno}: {error.strerror})')
        return complaints

    def close(self) -> None:
        """Write everything that is left."""
        if self._timer is not None:
            self._timer.cancel()
        if self._thread is not None:
            self._thread.shutdown()
        self._loop = self._thread = self._timer = None
        for log in self._files.values():
            log.put(log.take())


class ErrorLog:
    """Where errors go: files, each with the least severe level that it takes."""

    __slots__ = ("level", "targets")

    def __init__(self, targets: list[tuple[LogFile, int]]) -> None:
        self.targets = targets
        self.level = max(level for _, level in targets)
        """Nothing less severe is taken by any of them."""

    def write(self, level: int, message: str) -> None:
        """Write one line in nginx's form."""
        stamp = time.strftime("%Y/%m/%d %H:%M:%S")
        pid = os.getpid()
        line = f"{stamp} [{_NAMES[level]}] {pid}#{pid}: {message}\n".encode("utf-8", "backslashreplace")
        for file, least in self.targets:
            if level <= least:
                file.write(line)
