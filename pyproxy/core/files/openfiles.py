"""Opening files, and keeping small ones that are asked for again: the open-file cache.

Unlike nginx's, which keeps descriptors and is off until configured, this one keeps the bytes of
files up to SMALL and is on: what is kept is compared with the file system at most once a second.
Opening, looking and reading happen on the event loop, as in nginx: on a local disk they take less
time than handing them to a thread.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Hashable
from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyproxy.core.response import Response

SMALL = 1 << 16
"""Bytes of the largest file that is read at once, and kept."""

SETTLED = 1.0
"""Seconds that a file must have been left alone: two changes within one tick of its clock look like one."""

_OPEN = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC

_Identity = tuple[int, int, int, int, int]


class IrregularFile(Exception):
    """A device, a fifo, a socket: there, but not to be served."""


class OpenFile:
    """A regular file: its bytes in memory if it is small, else an open descriptor, which ``close`` gives back."""

    __slots__ = ("_fd", "_identity", "body", "checked", "etag", "modified", "path", "response", "size", "until")

    def __init__(self, path: bytes, fd: int, status: os.stat_result) -> None:
        self.path = path
        self.size = status.st_size
        self.modified = int(status.st_mtime)
        """Seconds since the epoch."""
        self.etag = b'"%x-%x"' % (self.modified & 0xFFFFFFFFFFFFFFFF, self.size)
        self.body: bytes | None = None
        self.response: Response | None = None
        """The head that goes with the whole body, once it has been made for being kept."""
        self.checked = 0.0
        self.until = -inf
        """From when to when (time.time()) a kept file counts as unchanged."""
        self._identity = _identity(status)
        self._fd = fd
        if self.size <= SMALL:
            self.body = os.pread(fd, self.size, 0)
            self.close()

    @property
    def settled(self) -> bool:
        """Whether a change after now would show."""
        return self.body is not None and len(self.body) == self.size and time.time() - self._identity[1] / 1e9 > SETTLED

    def same(self, status: os.stat_result) -> bool:
        """Whether ``status`` is that of the very file that was opened, unchanged."""
        return self._identity == _identity(status)

    def take_fd(self) -> int:
        """The descriptor, which is then the caller's to close."""
        fd, self._fd = self._fd, -1
        return fd

    def close(self) -> None:
        """Close the descriptor, if it is still there."""
        if self._fd >= 0:
            os.close(self.take_fd())


def _identity(status: os.stat_result) -> _Identity:
    return (status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino, status.st_dev)


def open_file(path: bytes, opener: Callable[[bytes, int], int] | None = None) -> OpenFile:
    """Open a regular file. Raises OSError (IsADirectoryError for a directory) or IrregularFile."""
    # O_NONBLOCK: opening a fifo must not wait for its writer
    fd = os.open(path, _OPEN) if opener is None else opener(path, _OPEN)
    try:
        status = os.fstat(fd)
        if stat.S_ISREG(status.st_mode):
            return OpenFile(path, fd, status)
    except BaseException:
        os.close(fd)
        raise
    os.close(fd)
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError
    raise IrregularFile


def look(path: bytes) -> os.stat_result:
    """What is at ``path``. Raises OSError."""
    return os.stat(path)


class OpenFiles:
    """Small files by what they were asked for, bounded in number and bytes; the least recently checked goes first."""

    def __init__(
        self, max_files: int = 1000, max_bytes: int = 32 << 20, inactive: float = 60.0, valid: float = 1.0
    ) -> None:
        """``max_files`` 0 keeps nothing. ``inactive``: seconds after which an unused file is let go;
        ``valid``: seconds for which a file is believed to be unchanged, where the location does not say.
        """
        self.valid = valid
        self.bytes = 0
        self._max_files = max_files
        self._max_bytes = max_bytes
        self._inactive = inactive
        self._files: dict[Hashable, OpenFile] = {}
        self._seen: dict[bytes, float] = {}

    def __len__(self) -> int:
        return len(self._files)

    def find(self, key: Hashable, now: float, valid: float) -> OpenFile | None:
        """A kept file that is unchanged, as far as was looked within ``valid`` seconds of ``now`` (time.time())."""
        file = self._files.get(key)
        if file is None or file.checked <= now < file.until:
            return file
        self._forget(key)
        try:
            unchanged = file.same(look(file.path))
        except OSError:
            return None
        if not unchanged:
            return None
        # put back at the end: the order is that of the last look
        self._keep(key, file, now, valid)
        return file

    def put(self, key: Hashable, file: OpenFile, now: float, valid: float) -> bool:
        """Keep a small file, if it is settled and there is room; others make room for it."""
        if not self._max_files or not file.settled:
            return False
        self._forget(key)
        self._keep(key, file, now, valid)
        while self._over(now):
            self._forget(next(iter(self._files)))
        return True

    def _over(self, now: float) -> bool:
        """Whether the file that was not looked at for longest has to go."""
        if len(self._files) > self._max_files or self.bytes > self._max_bytes:
            return True
        oldest = next(iter(self._files.values()), None)
        return oldest is not None and oldest.until + self._inactive < now

    def check(self, path: bytes, now: float, valid: float) -> None:
        """Raise OSError if nothing is at ``path``; what was there less than ``valid`` seconds ago still is."""
        seen = self._seen.get(path, -inf)
        if seen <= now < seen + valid:
            return
        self._seen.pop(path, None)
        look(path)
        if self._max_files:
            if len(self._seen) >= self._max_files:
                self._seen.clear()
            self._seen[path] = now

    def _keep(self, key: Hashable, file: OpenFile, now: float, valid: float) -> None:
        file.checked, file.until = now, now + valid
        self._files[key] = file
        self.bytes += file.size

    def _forget(self, key: Hashable) -> None:
        file = self._files.pop(key, None)
        if file is not None:
            # also for those who remember the file itself
            file.until = -inf
            self.bytes -= file.size
