"""Bytes put aside for a slower reader: in memory up to a limit, then in an unnamed temporary file."""

from __future__ import annotations

import contextlib
import os
import tempfile
from typing import IO

from pyproxy.core.files.temporary import TemporaryFolder


class Spool:
    """Grows at the end, is read from anywhere. ``size`` counts all bytes that were appended since the last ``clear``.

    Writing to the temporary file is writing to the page cache, which nginx does on its event loop as well.
    """

    __slots__ = ("_file", "_folder", "_limit", "_memory", "_users", "path", "size")

    def __init__(self, limit: int, folder: str | None = None) -> None:
        """Keep up to ``limit`` bytes in memory; the file goes to ``folder`` (None: the system's)."""
        self._limit = limit
        self._folder = folder
        self._users = 1
        self._memory = bytearray()
        self._file: IO[bytes] | None = None
        self.path: str | None = None
        """Where its file is, if it has one; of a file without a name, what the system shows it as."""
        self.size = 0

    @property
    def in_file(self) -> bool:
        """Whether memory was not enough."""
        return self._file is not None

    def append(self, data: bytes) -> None:
        """Put ``data`` at the end. Raises OSError when the disk is full."""
        if self._file is None and self.size + len(data) <= self._limit:
            self._memory += data
        else:
            if self._file is None:
                self._file = self._open()
                self._write(self._memory, 0)
                self._memory = bytearray()
            self._write(data, self.size)
        self.size += len(data)

    def _open(self) -> IO[bytes]:
        file = tempfile.TemporaryFile(dir=self._folder, buffering=0)  # noqa: SIM115  # close() closes it
        self.path = os.path.join(self._folder or tempfile.gettempdir(), f"#{os.fstat(file.fileno()).st_ino}")
        return file

    def _write(self, data: bytes | bytearray, offset: int) -> None:
        assert self._file is not None
        rest = memoryview(data)
        while rest:
            written = os.pwrite(self._file.fileno(), rest, offset)
            rest, offset = rest[written:], offset + written

    def read(self, offset: int, count: int) -> bytes:
        """Up to ``count`` bytes from ``offset``; fewer only at the end."""
        if self._file is None:
            with memoryview(self._memory) as memory:
                return bytes(memory[offset : offset + count])
        return os.pread(self._file.fileno(), count, offset)

    def clear(self) -> None:
        """Forget everything; the file, if there is one, is emptied and kept."""
        self._memory = bytearray()
        if self._file is not None:
            self._file.truncate(0)
        self.size = 0

    def share(self) -> Spool:
        """Itself, for one user more: each of them is to close it."""
        self._users += 1
        return self

    def close(self) -> None:
        """Give memory and file back, if all users have; nothing is left to read."""
        self._users -= 1
        if self._users > 0:
            return
        self._memory = bytearray()
        self.size = 0
        if self._file is not None:
            self._file.close()
            self._file = None


class NamedSpool(Spool):
    """Always in a file, which has a name for others to find it by (``client_body_in_file_only``)."""

    __slots__ = ("_keep", "_where")

    def __init__(self, folder: TemporaryFolder | None, keep: bool) -> None:
        """``keep``: the file stays when nobody here needs it any more."""
        super().__init__(-1)
        self._where = folder or TemporaryFolder(tempfile.gettempdir())
        self._keep = keep

    def _open(self) -> IO[bytes]:
        fd, self.path = self._where.create()
        return os.fdopen(fd, "r+b", buffering=0)

    def close(self) -> None:
        super().close()
        if self._users == 0 and self.path is not None and not self._keep:
            with contextlib.suppress(OSError):
                os.unlink(self.path)
