"""The logs of a process: its files, each opened once, and the error log's form."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

from pyproxy.core.logfile import LogFile as LogFile

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

STREAMS = {"stdout": 1, "stderr": 2, "/dev/stdout": 1, "/dev/stderr": 2}
"""What is the process's own and not a file: opening the latter two fails where they are sockets, as under systemd."""
FLUSH_AFTER = 0.1
"""Seconds that a line waits for others at most."""
CLOSING = 5.0
"""Seconds that a process which ends waits for its logs at most."""

# What would break a line in two, or move the cursor of who reads it on a terminal.
_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0))}


class Logs:
    """Every log of a process, one LogFile a path."""

    def __init__(self) -> None:
        self._files: dict[str, LogFile] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None

    def open(self, path: str) -> LogFile:
        """The log at ``path``, or one of STREAMS. Raises OSError."""
        stream = STREAMS.get(path)
        key = str(stream or Path(path).absolute())
        if key not in self._files:
            self._files[key] = LogFile(self, None if stream else key, stream or -1)
        return self._files[key]

    def paths(self) -> list[str]:
        """The files that are open; the process's own streams are not among them."""
        return [log.path for log in self._files.values() if log.path is not None]

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """From now on lines are written soon. Before that they wait for ``close``."""
        self._loop = loop
        self.wake()

    def wake(self) -> None:
        """Have what is gathered written soon."""
        if self._loop is not None and self._timer is None:
            self._timer = self._loop.call_later(FLUSH_AFTER, self._flush)

    def _flush(self) -> None:
        self._timer = None
        for log in self._files.values():
            log.flush()

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
        self._loop = self._timer = None
        deadline = time.monotonic() + CLOSING
        for log in self._files.values():
            log.close(deadline - time.monotonic())


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
        text = message.translate(_CONTROLS)
        line = f"{stamp} [{_NAMES[level]}] {pid}#{pid}: {text}\n".encode("utf-8", "backslashreplace")
        for file, least in self.targets:
            if level <= least:
                file.write(line)
