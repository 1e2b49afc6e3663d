"""A file as a response body: by sendfile(2) where the system and the transport allow, else read and written."""

from __future__ import annotations

import asyncio
import os
import socket
from typing import Protocol

PIECE = 1 << 20
"""Bytes a call: enough that calls do not count, few enough that one file does not hold the loop."""
READ_PIECE = 1 << 17


class FileTarget(Protocol):
    """Who wants the file sent."""

    def file_progress(self, count: int) -> None: ...

    def file_done(self) -> None: ...


class FileSender:
    """Sends part of a file after what the transport has already been given.

    The transport's own socket belongs to the loop, so that a duplicate of its descriptor is written to
    and watched. Ends by calling ``file_done``; a file that turns out too short ends early.
    """

    __slots__ = ("_count", "_fd", "_loop", "_offset", "_socket", "_target", "_transport", "_watching")

    def __init__(self, target: FileTarget, transport: asyncio.Transport, fd: int, offset: int, count: int) -> None:
        self._target = target
        self._transport = transport
        self._fd = fd
        self._offset = offset
        self._count = count
        self._loop = asyncio.get_running_loop()
        self._socket = -1
        self._watching = False

    def start(self) -> None:
        """Begin as soon as the transport's buffer is empty."""
        sock: socket.socket | None = self._transport.get_extra_info("socket")
        if hasattr(os, "sendfile") and sock is not None and not self._transport.get_extra_info("sslcontext"):
            self._socket = os.dup(sock.fileno())
        if self._count == 0:
            self._end()
        elif self._transport.get_write_buffer_size():
            # low-water mark 0: resume_writing() comes when all of it has gone out
            self._transport.set_write_buffer_limits(high=0)
        else:
            self.resume()

    def resume(self) -> None:
        """The transport can take more."""
        if self._socket < 0:
            self._copy()
        elif not self._transport.get_write_buffer_size():
            self._send()

    def _send(self) -> None:
        try:
            sent = os.sendfile(self._socket, self._fd, self._offset, min(self._count, PIECE))
        except (BlockingIOError, InterruptedError):
            sent = -1
        except OSError:
            # the client has gone; the transport will find out by itself
            self._transport.abort()
            return
        if sent == 0:
            self._end()
            return
        if sent > 0:
            self._advance(sent)
            if not self._count:
                self._end()
                return
        if not self._watching:
            self._watching = True
            self._loop.add_writer(self._socket, self._send)

    def _copy(self) -> None:
        while self._count and not self._transport.get_write_buffer_size():
            data = os.pread(self._fd, min(self._count, READ_PIECE), self._offset)
            if not data:
                break
            self._transport.write(data)
            self._advance(len(data))
        else:
            if self._count:
                return
        self._end()

    def _advance(self, count: int) -> None:
        self._offset += count
        self._count -= count
        self._target.file_progress(count)

    def _end(self) -> None:
        self.close()
        self._transport.set_write_buffer_limits()
        self._target.file_done()

    def close(self) -> None:
        """Let go of the file; also when the connection is lost in the middle."""
        if self._watching:
            self._watching = False
            self._loop.remove_writer(self._socket)
        if self._socket >= 0:
            os.close(self._socket)
            self._socket = -1
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
