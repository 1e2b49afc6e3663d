"""Where a log's lines end up: a file, an open stream, a syslog server. A log's own thread uses them, so they may block.

They take lists of lines, each with its newline at the end.
"""

from __future__ import annotations

import os
import select
import socket
import stat
import zlib
from collections.abc import Callable
from typing import Protocol

PATIENCE = 1.0
"""Seconds that a syslog server on this machine may take to make room for a message."""
LONGEST = 65000
"""Bytes of the longest message that a datagram carries; more is cut."""

SocketAddress = str | tuple[str | int | bytes, ...]


class NotWritten(Exception):
    """So many lines are lost."""

    def __init__(self, lines: int, doing: str, error: OSError) -> None:
        why = f"{error.errno}: {error.strerror}" if error.errno else str(error)
        super().__init__(f"{doing} failed ({why})")
        self.lines = lines


class Sink(Protocol):
    """What takes lines."""

    name: str
    path: str | None
    prompt: bool
    """Whether it is a file, which takes a line as soon as the page cache does, and may be written to on the loop."""

    def put(self, lines: list[bytes]) -> None:
        """Write them. Raises NotWritten; the next ones are tried all the same."""

    def reopen(self) -> Callable[[], None]:
        """Open it anew, as after a rotation; what is returned makes the thread use that. Raises OSError."""

    def close(self) -> None: ...


class FileSink:
    """A file that is appended to, or a descriptor of the process's own."""

    def __init__(self, path: str | None, fd: int = -1, gzip: int = 0) -> None:
        """Open ``path``, or take ``fd``. ``gzip``: the level at which to compress, 0 for not. Raises OSError."""
        self.path = path
        self.name = path or {1: "stdout", 2: "stderr"}.get(fd, f"descriptor {fd}")
        self._gzip = gzip
        self._torn = False
        """Whether the last line that was written has no end."""
        self._use(open_to_append(path) if path is not None else fd)

    def _use(self, fd: int) -> None:
        self.fd = fd
        try:
            self.prompt = stat.S_ISREG(os.fstat(fd).st_mode)
        except OSError:  # a process may be started without standard output
            self.prompt = False

    def reopen(self) -> Callable[[], None]:
        if self.path is None:
            return lambda: None
        fd = open_to_append(self.path)
        return lambda: self._swap(fd)

    def _swap(self, fd: int) -> None:
        self.close()
        self._torn = False
        self._use(fd)

    def close(self) -> None:
        if self.path is not None and self.fd >= 0:
            os.close(self.fd)
        self.fd = -1

    def put(self, lines: list[bytes]) -> None:
        data = b"".join(lines)
        if self._gzip:
            data = zlib.compress(data, self._gzip, wbits=31)
        torn = self._torn and not self._gzip
        if torn:
            data = b"\n" + data
        written = 0
        try:
            while written < len(data) and self.fd >= 0:
                try:
                    written += os.write(self.fd, memoryview(data)[written : self._end(data, written)])
                except BlockingIOError:
                    # somebody who shares the terminal with us has made it so
                    select.select([], [self.fd], [])
        except OSError as error:
            doing = f'write() to "{self.name}"'
            if self._gzip:
                raise NotWritten(len(lines), doing, error) from error
            self._torn = not data[:written].endswith(b"\n") if written else torn
            raise NotWritten(data.count(b"\n", max(written, torn)), doing, error) from error
        self._torn = False

    def _end(self, data: bytes, begin: int) -> int:
        """Up to where one write may go, so that lines of several processes do not mix: all of it into a file, which
        is opened to append; into a pipe whole lines, as many as it takes at once."""
        if self.prompt or len(data) - begin <= select.PIPE_BUF:
            return len(data)
        end = data.rfind(b"\n", begin, begin + select.PIPE_BUF) + 1
        return end if end > begin else len(data)


def open_to_append(path: str | bytes) -> int:
    """Open a log. Raises OSError."""
    # O_NONBLOCK: opening a fifo must not wait for its reader
    fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK, 0o644)
    os.set_blocking(fd, True)
    return fd


class SyslogSink:
    """A syslog server: each line is a datagram, without its newline."""

    def __init__(self, name: str, family: socket.AddressFamily, address: SocketAddress) -> None:
        self.name = f"syslog server {name}"
        self.prompt = False
        self.path: str | None = None
        self._family = family
        self._address = address
        self._socket: socket.socket | None = None

    def put(self, lines: list[bytes]) -> None:
        lost = 0
        failure: OSError | None = None
        for number, line in enumerate(lines):
            try:
                self._send(line)
            except OSError as error:
                failure = error
                if self._family != socket.AF_UNIX and isinstance(error, ConnectionRefusedError):
                    lost += 1  # that is said of an earlier message
                try:
                    # the server may have been started anew, and its socket be another one
                    self._send(line)
                except OSError as error:
                    failure = error
                    lost += len(lines) - number
                    break
        if lost and failure is not None:
            raise NotWritten(lost, f"send() to {self.name}", failure)

    def _send(self, line: bytes) -> None:
        try:
            if self._socket is None:
                self._socket = socket.socket(self._family, socket.SOCK_DGRAM)
                self._socket.settimeout(PATIENCE)
                self._socket.connect(self._address)
            self._socket.send(memoryview(line)[:-1][:LONGEST])
        except OSError:
            self.close()
            raise

    def reopen(self) -> Callable[[], None]:
        return self.close

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None
