"""``disable_symlinks``: files opened without following symbolic links, or only those of the files' owners.

Every part of a path is opened in the folder opened before it, so that nobody can put a link there in between.
"""

from __future__ import annotations

import os
import stat
from errno import ELOOP, ENOTDIR
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyproxy.core.request import Request
    from pyproxy.core.variables import Template

OFF, ON, IF_NOT_OWNER = "off", "on", "if_not_owner"
MODES = (OFF, ON, IF_NOT_OWNER)

_LOOK = getattr(os, "O_PATH", os.O_RDONLY | os.O_NONBLOCK) | os.O_CLOEXEC
_FOLDER = _LOOK | os.O_DIRECTORY


class Links:
    """The rule of one location."""

    def __init__(self, mode: str, trusted: Template | None) -> None:
        """``trusted``: the first part of paths, in which links do not matter."""
        self._owner = mode == IF_NOT_OWNER
        self._trusted = trusted

    def open(self, request: Request, path: bytes, flags: int) -> int:
        """Open a file. Raises OSError, ELOOP for a link that is not to be followed."""
        start = self._start(request, path)
        if start < 0:
            return os.open(path, flags)
        folder = os.open(path[:start] or b"/", _FOLDER)
        try:
            if path.endswith(b"/"):
                flags |= os.O_DIRECTORY
            *parts, last = [part for part in path[start:].split(b"/") if part] or [b"."]
            for part in parts:
                inner = self._open(part, _FOLDER, folder)
                os.close(folder)
                folder = inner
            return self._open(last, flags, folder)
        finally:
            os.close(folder)

    def look(self, request: Request, path: bytes) -> os.stat_result:
        """What is at ``path``. Raises the same."""
        fd = self.open(request, path, _LOOK)
        try:
            return os.fstat(fd)
        finally:
            os.close(fd)

    def _start(self, request: Request, path: bytes) -> int:
        """From where on links matter; -1 if nowhere."""
        trusted = self._trusted.render(request) if self._trusted is not None else b""
        if not trusted or not path.startswith(trusted):
            return 0
        if trusted == path:
            return -1
        if path[len(trusted) : len(trusted) + 1] == b"/":
            return len(trusted)
        return len(trusted) - 1 if trusted.endswith(b"/") else 0

    def _open(self, name: bytes, flags: int, folder: int) -> int:
        try:
            fd = os.open(name, flags | os.O_NOFOLLOW, dir_fd=folder)
            # with O_PATH that may be the link itself
            if not flags & _LOOK & ~os.O_CLOEXEC or not stat.S_ISLNK((link := os.fstat(fd)).st_mode):
                return fd
            os.close(fd)
        except OSError as error:
            # a link where a folder should be is no folder
            if error.errno not in (ELOOP, ENOTDIR):
                raise
            link = os.stat(name, dir_fd=folder, follow_symlinks=False)
            if not stat.S_ISLNK(link.st_mode):
                raise
        if not self._owner:
            raise OSError(ELOOP, os.strerror(ELOOP))
        fd = os.open(name, flags, dir_fd=folder)
        if os.fstat(fd).st_uid != link.st_uid:
            os.close(fd)
            raise OSError(ELOOP, os.strerror(ELOOP))
        return fd
