"""A file as a response body: by sendfile(2) where the system and the transport allow, else read and written."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable
from errno import EINVAL, ENOSYS, ENOTSOCK, ENOTSUP, EOPNOTSUPP
from typing import Protocol

PIECE = 1 << 21
"""Bytes a call: enough that calls do not count, few enough that one file does not hold the loop (nginx's
``sendfile_max_chunk``)."""
READ_PIECE = 1 << 17

_sendfile: Callable[[int, int, int, int], int] | None = getattr(os, "sendfile", None)
_CORK: int | None = getattr(socket, "TCP_CORK", None) or getattr(socket, "TCP_NOPUSH", None)
_NOT_FOR_THIS_FILE = frozenset({EINVAL, ENOSYS, ENOTSOCK, ENOTSUP, EOPNOTSUPP})


class FileTarget(Protocol):
    """Who wants the file sent."""

    def file_progress(self, count: int) -> None:
        """``count`` more bytes are on their way; 0 when the client makes the file wait for the first time."""

    def file_done(self) -> None:
        """All of it has been sent, or its end came early."""


class FileSender:
    """Sends part of a file after what the transport has already been given.

    The transport's own socket belongs to the loop, so that it is a duplicate that is watched when the file takes more
    than one call. Until its end only full packets leave then: each call would send what is left over in a small one,
    for event loops set TCP_NODELAY. Ends by calling ``file_done``; a file that turns out too short ends early. Where
    the connection is lost instead, ``close`` must be called.
    """

    __slots__ = ("_count", "_fd", "_loop", "_offset", "_socket", "_target", "_transport", "_watched")

    def __init__(self, target: FileTarget, transport: asyncio.Transport, fd: int, offset: int, count: int) -> None:
        self._target = target
        self._transport = transport
        self._fd = fd
        self._offset = offset
        self._count = count
        self._loop = asyncio.get_running_loop()
        self._socket = -1
        self._watched: socket.socket | None = None

    def start(self) -> None:
        """Begin as soon as the transport's buffer is empty."""
        transport = self._transport
        if transport.is_closing():
            self.close()
            return
        if not self._count:
            self._end()
            return
        sock: socket.socket | None = transport.get_extra_info("socket")
        if _sendfile and sock is not None and not transport.get_extra_info("sslcontext"):
            self._socket = sock.fileno()
        if self._socket < 0 or transport.get_write_buffer_size():
            # low-water mark 0: resume_writing() comes when all that was written before has gone out
            transport.set_write_buffer_limits(high=0)
        if not transport.get_write_buffer_size():
            self.resume()

    def resume(self) -> None:
        """The transport has nothing left to write."""
        if self._socket >= 0:
            self._send()
        else:
            self._copy()

    def _send(self) -> None:
        if self._is_over():
            return
        assert _sendfile is not None
        try:
            sent = _sendfile(self._socket, self._fd, self._offset, min(self._count, PIECE))
        except (BlockingIOError, InterruptedError):
            if self._watched is None:
                self._target.file_progress(0)
                self._watch()
            return
        except OSError as error:
            if error.errno in _NOT_FOR_THIS_FILE:
                self._release_socket()
                self._transport.set_write_buffer_limits(high=0)
                self._copy()
            else:
                # the client has gone, or the disk failed: either way the answer cannot be completed
                self._transport.abort()
            return
        self._advance(sent)
        if not sent or not self._count:
            self._end()
        else:
            self._watch()

    def _copy(self) -> None:
        """Write one piece; the next one in a later turn of the loop, when it has gone out."""
        if self._is_over():
            return
        try:
            data = os.pread(self._fd, min(self._count, READ_PIECE), self._offset)
        except OSError:
            self._transport.abort()
            return
        self._advance(len(data))
        if data:
            self._transport.write(data)
        if not data or not self._count:
            self._end()
        elif not self._transport.get_write_buffer_size():
            self._loop.call_soon(self._copy)

    def _is_over(self) -> bool:
        """Whether the connection has ended in the meantime."""
        if self._fd >= 0 and self._transport.is_closing():
            self.close()
        return self._fd < 0

    def _advance(self, count: int) -> None:
        self._offset += count
        self._count -= count
        self._target.file_progress(count)

    def _watch(self) -> None:
        if self._watched is None:
            self._watched = self._transport.get_extra_info("socket").dup()
            self._socket = self._watched.fileno()
            _cork(self._watched, True)
            self._loop.add_writer(self._socket, self._send)

    def _end(self) -> None:
        self.close()
        if not self._transport.is_closing():
            self._transport.set_write_buffer_limits()
        self._target.file_done()

    def _release_socket(self) -> None:
        if self._watched is not None:
            self._loop.remove_writer(self._socket)
            _cork(self._watched, False)
            self._watched.close()
            self._watched = None
        self._socket = -1

    def close(self) -> None:
        """Let go of the file; also when the connection is lost in the middle."""
        self._release_socket()
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def _cork(sock: socket.socket, on: bool) -> None:
    if _CORK is not None:
        with contextlib.suppress(OSError):  # a unix socket has no packets
            sock.setsockopt(socket.IPPROTO_TCP, _CORK, on)
