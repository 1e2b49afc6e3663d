"""The pid file, by which ``-s`` finds the process that runs."""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path

from pyproxy.process.status import forget

OLD = ".oldbin"
"""What the pid file's name ends with while a new program is tried."""


class PidFile:
    """Written and locked while its process runs, removed at the end.

    The lock tells a process that runs from a number that a crash has left behind and the system has given away since:
    ``-s stop`` must not end a stranger.
    """

    def __init__(self, path: str) -> None:
        self.path = Path(path)
        self._fd = -1

    @property
    def is_ours(self) -> bool:
        """Whether it has been written."""
        return self._fd >= 0

    def running(self) -> int | None:
        """The process that holds the file, if there is one."""
        try:
            fd = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return None
        try:
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return _number(fd)
        finally:
            os.close(fd)
        return None

    def write(self) -> None:
        """Put our own process id there. Raises OSError; FileExistsError if the file is another's that lives."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        while True:
            fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            try:
                self._claim(fd)
            except OSError:
                os.close(fd)
                raise
            if self._is_at_path(fd):
                break
            os.close(fd)  # its owner has ended in between, and removed it
        os.truncate(fd, 0)
        os.pwrite(fd, b"%d\n" % os.getpid(), 0)
        self._fd = fd

    def _claim(self, fd: int) -> None:
        other = _number(fd)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FileExistsError(f"{self.path} belongs to process {other}, a pyproxy that runs") from None
        if other is not None and other != os.getpid() and _lives(other):
            # nginx, perhaps, which locks nothing
            raise FileExistsError(
                f"{self.path} names process {other}, which runs; if that is no proxy, remove the file, "
                "else give this one a `pid` file of its own"
            )

    def _is_at_path(self, fd: int) -> bool:
        try:
            return os.path.samestat(os.stat(self.path), os.fstat(fd))
        except FileNotFoundError:
            return False

    def step_aside(self) -> None:
        """Leave the name to a new program, as nginx does; we are found by the other one. Raises OSError."""
        self._move(self.path.with_name(self.path.name + OLD))

    def come_back(self) -> None:
        """Take the name again. Raises OSError."""
        self._move(self.path.with_name(self.path.name.removesuffix(OLD)))

    def _move(self, path: Path) -> None:
        if self.is_ours:
            forget(self.path)
            self.path.rename(path)
            self.path = path

    def remove(self) -> None:
        """Take it away if it is ours."""
        if not self.is_ours:
            return
        with contextlib.suppress(OSError):
            if self._is_at_path(self._fd):
                forget(self.path)
                self.path.unlink()
        os.close(self._fd)
        self._fd = -1


def _number(fd: int) -> int | None:
    try:
        number = int(os.pread(fd, 32, 0))
    except (OSError, ValueError):
        return None
    return number if number > 0 else None  # to a signal, 0 and less mean groups of processes


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (OSError, OverflowError):
        return False
    return True
