"""The logs of a process, each opened once; those of a configuration; and the error log's levels and lines."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from pyproxy.core.logs.logfile import ERRORS, SOON, Gathering
from pyproxy.core.logs.logfile import LogFile as LogFile
from pyproxy.core.logs.logsink import FileSink, Sink, SyslogSink

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
CLOSING = 5.0
"""Seconds that a process which ends waits for its logs at most."""

LONGEST = 2047
"""Bytes of an error log's line before its newline, as in nginx; more is cut."""

# What would break a line in two, or move the cursor of who reads it on a terminal.
_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0))}


class Logs:
    """Every log of a process."""

    def __init__(self) -> None:
        self.loop: asyncio.AbstractEventLoop | None = None
        self.error_log: ErrorLog | None = None
        """Where it is said that a log cannot be written: standard error unless this is set."""
        self._open: dict[tuple[str, Gathering], LogFile] = {}
        self._retired: list[LogFile] = []

    def open(self, path: str, gathering: Gathering = SOON) -> LogFile:
        """The log at ``path``, or one of STREAMS. Raises OSError."""
        stream = STREAMS.get(path)
        if stream is not None:
            return self.share(str(stream), gathering, lambda: FileSink(None, stream))
        path = str(Path(path).absolute())
        return self.share(path, gathering, lambda: FileSink(path, gzip=gathering.gzip))

    def share(self, name: str, gathering: Gathering, make: Callable[[], Sink]) -> LogFile:
        """The log of that name; all who ask for it share one."""
        log = self._open.get((name, gathering))
        if log is None:
            log = self._open[name, gathering] = LogFile(self, make(), gathering)
        return log

    def release(self, log: LogFile) -> None:
        """One configuration less writes to it; the last one closes it."""
        log.users -= 1
        if log.users > 0:
            return
        self._open = {key: other for key, other in self._open.items() if other is not log}
        log.retire()
        self._retired = [other for other in (*self._retired, log) if not other.retired]

    def paths(self) -> list[str]:
        """The files that are open; the process's own streams are not among them."""
        return [log.path for log in self._open.values() if log.path is not None]

    def attach(self, loop: asyncio.AbstractEventLoop, error_log: ErrorLog | None = None) -> None:
        """From now on lines are written when their time has come. Before that they wait for ``close``."""
        self.loop = loop
        self.error_log = error_log
        for log in self._open.values():
            log.wake()

    def reopen(self) -> list[str]:
        """Open every file again; the complaints of those that could not be."""
        complaints = []
        for log in self._open.values():
            try:
                log.reopen()
            except OSError as error:
                complaints.append(f'open() "{log.sink.name}" failed ({error.errno}: {error.strerror})')
        return complaints

    def close(self) -> None:
        """Write everything that is left."""
        self.loop = None
        deadline = time.monotonic() + CLOSING
        closing = [*self._open.values(), *self._retired]
        self._open, self._retired = {}, []
        for log in closing:
            log.retire()
        for log in closing:
            log.join(deadline - time.monotonic())

    def tell(self, log: LogFile, message: str) -> None:
        """Say what is wrong with a log, in the error log, or on standard error if it is that one itself."""
        loop = self.loop
        if loop is not None:
            # it may be that the loop is closed just now
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(self._say, log, message)
        elif log.sink.name != "stderr":
            with contextlib.suppress(OSError):
                os.write(2, _said(log, message))

    def _say(self, log: LogFile, message: str) -> None:
        if self.error_log is not None and not self.error_log.writes_to(log):
            self.error_log.write(_severity(log), message)
        elif log.sink.name != "stderr":
            self.open("stderr", ERRORS).write(_said(log, message))


def _severity(log: LogFile) -> int:
    """As in nginx: messages that are lost on their way are a lesser evil than a file that cannot be written."""
    return WARN if isinstance(log.sink, SyslogSink) else ALERT


def _said(log: LogFile, message: str) -> bytes:
    return f"pyproxy: [{_NAMES[_severity(log)]}] {message}\n".encode("utf-8", "backslashreplace")


class SiteLogs:
    """The logs of one configuration."""

    def __init__(self, logs: Logs, prefix: str) -> None:
        """``prefix`` is where relative paths count from."""
        self._logs = logs
        self._prefix = prefix
        self._mine: set[LogFile] = set()
        self._gatherings: dict[str, Gathering] = {}

    def gather(self, path: str, gathering: Gathering) -> None:
        """Let all access logs at ``path`` be gathered so. Raises ValueError if another line wants it otherwise."""
        if self._gatherings.setdefault(self._absolute(path), gathering) != gathering:
            raise ValueError(f'access_log "{path}" already defined with conflicting parameters')

    def open_error_log(self, path: str) -> LogFile:
        """The error log at ``path``, or one of STREAMS. Raises OSError."""
        return self._keep(self._logs.open(self._absolute(path), ERRORS))

    def open_access_log(self, path: str) -> LogFile:
        """The access log at ``path``, with what ``gather`` was told of it. Raises OSError."""
        path = self._absolute(path)
        return self._keep(self._logs.open(path, self._gatherings.get(path, SOON)))

    def share(self, name: str, make: Callable[[], Sink]) -> LogFile:
        """The log of that name, which is no path."""
        return self._keep(self._logs.share(name, ERRORS, make))

    def _absolute(self, path: str) -> str:
        return path if path in STREAMS else str(Path(self._prefix, path))

    def _keep(self, log: LogFile) -> LogFile:
        if log not in self._mine:
            self._mine.add(log)
            log.users += 1
        return log

    def close(self) -> None:
        """This configuration writes no more."""
        for log in self._mine:
            self._logs.release(log)
        self._mine.clear()


class Target(Protocol):
    """A log that takes lines of a level: a LogFile or a Syslog."""

    @property
    def file(self) -> LogFile: ...

    def write_at(self, level: int, line: bytes) -> None: ...


class ErrorLog:
    """Where errors go: logs, each with the least severe level that it takes."""

    __slots__ = ("level", "targets")

    def __init__(self, targets: list[tuple[Target, int]]) -> None:
        self.targets = targets
        self.level = max((level for _, level in targets), default=0)
        """Nothing less severe is taken by any of them."""

    def write(self, level: int, message: str) -> None:
        """Write one line in nginx's form."""
        stamp = time.strftime("%Y/%m/%d %H:%M:%S")
        pid = os.getpid()
        text = message.translate(_CONTROLS)
        line = f"{stamp} [{_NAMES[level]}] {pid}#{pid}: {text}".encode("utf-8", "backslashreplace")[:LONGEST] + b"\n"
        for target, least in self.targets:
            if level <= least:
                target.write_at(level, line)

    def writes_to(self, log: LogFile) -> bool:
        """Whether all that is written goes to that very log."""
        return all(target.file is log for target, _ in self.targets)
