"""``proxy_store``: whole answers kept as files, for the next request to find."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import tempfile
from typing import TYPE_CHECKING

from pyproxy.core.conditional import NO_DATE, parse_http_date
from pyproxy.core.logs.log import CRIT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyproxy.core.message import ResponseHead
    from pyproxy.core.request import Request
    from pyproxy.core.variables import Template

_WHO = {"user": 6, "group": 3, "all": 0}
_WHAT = {"r": 4, "rw": 6}


def access_mode(words: Sequence[str]) -> int:
    """The mode that ``user:rw group:r all:r`` stands for; the user may always read and write. Raises ValueError."""
    mode = 0o600
    for word in words:
        who, _, what = word.partition(":")
        if who not in _WHO or what not in _WHAT:
            raise ValueError(f'invalid value "{word}", expected such as user:rw group:r all:r')
        mode |= _WHAT[what] << _WHO[who]
    return mode


class Store:
    """Where the answers of one location go."""

    def __init__(self, path: Template | None, prefix: str, mode: int, folder: str | None) -> None:
        """``path`` None: where ``root`` or ``alias`` would look for the file. ``folder`` is for unfinished files."""
        self._path = path
        self._prefix = prefix.encode()
        self._mode = mode
        self._folder = folder.encode() if folder is not None else None

    def begin(self, request: Request, head: ResponseHead) -> StoredFile | None:
        """A file for this answer; None if it is not to be kept, or there is no place for it."""
        if head.status != 200:
            return None
        path = request.location.root.path(request) if self._path is None else self._path.render(request)
        if not path:
            return None
        try:
            return StoredFile(request, head, os.path.join(self._prefix, path), self._mode, self._folder)
        except (OSError, ValueError) as error:
            request.complain(CRIT, f"cannot store an answer: {error}")
            return None


class StoredFile:
    """An answer that is being written; it gets its name when it is whole."""

    def __init__(self, request: Request, head: ResponseHead, path: bytes, mode: int, folder: bytes | None) -> None:
        """Raises OSError."""
        self._request = request
        self._head = head
        self._path = path
        self._mode = mode
        where = os.path.dirname(path)
        # who may read the files may enter their folders
        os.makedirs(where, mode | (mode & 0o444) >> 2, exist_ok=True)
        self._fd, self._unfinished = tempfile.mkstemp(dir=folder or where)
        self._size = 0

    def write(self, data: bytes) -> None:
        """Append to it. A disk that is full costs the file, not the answer."""
        if self._fd < 0:
            return
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[os.write(self._fd, rest) :]
        except OSError as error:
            self._request.complain(CRIT, f"cannot store an answer: {error}")
            self.discard()
        self._size += len(data)

    def keep(self) -> None:
        """The answer is whole: the file takes the place of what was there."""
        expected = self._head.content_length
        if self._fd < 0 or (expected is not None and not self._head.chunked and expected != self._size):
            self.discard()
            return
        try:
            os.fchmod(self._fd, self._mode)
            modified = parse_http_date(self._head.fields.get(b"last-modified") or b"")
            if modified != NO_DATE:
                os.utime(self._fd, (modified, modified))
            _move(self._unfinished, self._path)
        except OSError as error:
            self._request.complain(CRIT, f'cannot store an answer as "{os.fsdecode(self._path)}": {error.strerror}')
            self.discard()
        else:
            os.close(self._fd)
            self._fd = -1

    def discard(self) -> None:
        """It is not wanted any more."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
            with contextlib.suppress(OSError):
                os.unlink(self._unfinished)


def _move(source: bytes, target: bytes) -> None:
    try:
        os.replace(source, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        # a copy beside the target, so that nobody sees half a file
        beside = target + b".unfinished"
        shutil.copy2(source, beside)
        os.replace(beside, target)
        os.unlink(source)
