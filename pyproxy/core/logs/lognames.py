"""Access logs with variables in their path: each line's file is opened for it, as in nginx, or kept open for more.

Unlike other logs these are written at once, on the event loop, so that a renamed folder or a changed variable means
what it says at that moment.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from errno import ENOTDIR
from stat import S_ISDIR

from pyproxy.core.files.failures import shown
from pyproxy.core.files.openfiles import look
from pyproxy.core.logs.log import ALERT, CRIT, ERROR
from pyproxy.core.logs.logfile import COMPLAIN_EVERY
from pyproxy.core.logs.logsink import NotWritten, open_to_append
from pyproxy.core.request import Request
from pyproxy.core.variables import Template


class _Name:
    """A path that was written to lately."""

    __slots__ = ("fd", "looked", "used", "uses")

    def __init__(self) -> None:
        self.fd = -1
        self.uses = 0
        self.used = self.looked = 0.0

    def close(self) -> None:
        if self.fd >= 0:
            os.close(self.fd)
        self.fd = -1


class LogNames:
    """``open_log_file_cache``: the files that are kept open, the least recently used given up first."""

    def __init__(self, limit: int = 0, inactive: float = 0, min_uses: int = 1, valid: float = 0) -> None:
        """``limit`` names, 0 for none; ``inactive``: seconds after which an unused one is forgotten; ``min_uses``:
        how often it must be used before that to stay open; ``valid``: seconds until its path is looked at again."""
        self._limit = limit
        self._inactive = inactive
        self._min_uses = min_uses
        self._valid = valid
        self._names: OrderedDict[bytes, _Name] = OrderedDict()

    def append(self, path: bytes, line: bytes, now: float) -> None:
        """Append to the file at ``path``; ``now`` in seconds of any clock. Raises OSError if it cannot be opened, and
        NotWritten."""
        for old in [old for old, name in self._names.items() if now - name.used > self._inactive]:
            self._names.pop(old).close()
        # one that cannot be opened or written to is not kept
        name = self._names.pop(path, None) or _Name()
        self._open(name, path, now)
        try:
            os.write(name.fd, line)
        except OSError as error:
            name.close()
            raise NotWritten(1, f'write() to "{shown(path)}"', error) from error
        name.used = now
        name.uses += 1
        if not self._limit or name.uses < self._min_uses:
            name.close()
        if self._limit:
            self._names[path] = name
        if len(self._names) > self._limit:
            self._names.popitem(last=False)[1].close()

    def _open(self, name: _Name, path: bytes, now: float) -> None:
        if name.fd >= 0 and now - name.looked >= self._valid:
            name.looked = now
            try:
                same = os.path.samestat(look(path), os.fstat(name.fd))
            except OSError:
                same = False
            if not same:
                name.close()
        if name.fd < 0:
            name.fd = open_to_append(path)
            name.looked = now

    def close(self) -> None:
        """Close all of them."""
        while self._names:
            self._names.popitem()[1].close()


class NamedLog:
    """One ``access_log`` with variables in its path."""

    def __init__(self, name: Template, prefix: str, names: LogNames) -> None:
        self._name = name
        # as in nginx, what is written decides whether the path is relative, and not what a variable says
        self._prefix = b"" if name.text.startswith("/") else os.fsencode(prefix) + b"/"
        self._names = names
        self._parents = f"{prefix}/{name.text}".split("/").count("..")
        self._complained = float("-inf")

    def write(self, request: Request, line: bytes) -> None:
        """Append a line, if the request's root exists (which keeps made-up names from making files, as in nginx)."""
        path = self._prefix + self._name.render(request)
        if b"\0" in path or path.split(b"/").count(b"..") > self._parents:
            request.complain(ERROR, f'"{shown(path)}" is no path for a log while logging request')
            return
        root = request.location.root.folder(request)
        try:
            if not S_ISDIR(look(root).st_mode):
                raise NotADirectoryError(ENOTDIR, os.strerror(ENOTDIR))
        except OSError as error:
            self._complain(request, ERROR, f'testing "{shown(root)}" existence', error)
            return
        try:
            self._names.append(path, line, request.started)
        except OSError as error:
            self._complain(request, CRIT, f'open() "{shown(path)}"', error)
        except NotWritten as problem:
            if request.started - self._complained >= COMPLAIN_EVERY:
                self._complained = request.started
                request.complain(ALERT, f"{problem} while logging request")

    def _complain(self, request: Request, level: int, doing: str, error: OSError) -> None:
        request.complain(level, f"{doing} failed ({error.errno}: {error.strerror}) while logging request")
