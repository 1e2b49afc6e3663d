"""A scripted upstream: answers as told, byte for byte, and remembers what it was sent."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from .messages import Message, cut_request

PATIENCE = 3.0
"""Seconds that anything on the loopback may take before it counts as not happening."""

GAP = 0.02
"""Seconds between two pieces that should arrive apart. The result must not depend on whether they do."""


class End(Enum):
    """How an upstream can treat its connection instead of keeping it alive."""

    CLOSE = "close"
    RESET = "reset"
    HANG = "wait for the proxy to close"


CLOSE, RESET, HANG = End.CLOSE, End.RESET, End.HANG


@dataclass(frozen=True)
class Pause:
    """Wait before the next piece. Longer waits are for timeouts under test."""

    seconds: float = GAP


@dataclass(frozen=True)
class Read:
    """Read from an upgraded connection until these bytes came."""

    until: bytes


class Reply:
    """What the upstream does when a request has come: pieces of bytes to send, pauses, an end.

    ``early`` answers as soon as the head is there, and reads the body afterwards.
    """

    def __init__(self, *steps: bytes | Pause | Read | End, early: bool = False) -> None:
        self.steps = steps
        self.early = early


def answer(*headers: str, status: str = "200 OK", body: bytes = b"ok") -> Reply:
    """A plain answer with a Content-Length."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return Reply("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)


OK = answer()


@dataclass
class Connection:
    """One connection from the proxy, as the upstream saw it."""

    sock: socket.socket
    requests: list[Message] = field(default_factory=list)
    tunnel: bytes = b""
    ended: str = "kept"
    """``kept`` by the proxy until the exchange was over, ``closed by the proxy`` or ``closed by the upstream``."""
    buffer: bytes = b""
    busy: bool = False
    thread: threading.Thread | None = None


class Upstream:
    """Listens on a TCP port and on a unix socket; one thread for each connection."""

    def __init__(self, folder: Path) -> None:
        self.unix = folder / "upstream.sock"
        self._lock = threading.Condition()
        self._connections: list[Connection] = []
        self._replies: tuple[Reply, ...] = (OK,)
        self._asked = 0
        tcp = socket.create_server(("127.0.0.1", 0), backlog=64)
        local = socket.socket(socket.AF_UNIX)
        local.bind(str(self.unix))
        local.listen(64)
        self.port: int = tcp.getsockname()[1]
        self._listeners = [tcp, local]
        self._acceptors = [threading.Thread(target=self._accept, args=(sock,)) for sock in self._listeners]
        for thread in self._acceptors:
            thread.start()

    def close(self) -> None:
        self.finish()
        for listener in self._listeners:
            # shutdown wakes the thread that waits in accept(), which close alone does not
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        for thread in self._acceptors:
            thread.join()

    def begin(self, replies: tuple[Reply, ...]) -> None:
        """Answer the next requests with ``replies``, the last of them for all that follow."""
        self.finish()
        with self._lock:
            self._replies, self._asked = replies, 0

    def finish(self) -> list[Connection]:
        """End all connections, in an order that leaves none of them in a proxy's pool, and say what they carried."""
        # longer than each of them waits for the proxy, or we would be the one that ends it
        self._wait(lambda: not any(connection.busy for connection in self._connections), 2 * PATIENCE)
        with self._lock:
            connections, self._connections = self._connections, []
            for connection in connections:
                with contextlib.suppress(OSError):
                    connection.sock.shutdown(socket.SHUT_WR if connection.ended == "kept" else socket.SHUT_RDWR)
        for connection in connections:
            if connection.thread:
                connection.thread.join(PATIENCE)
            with contextlib.suppress(OSError):
                connection.sock.shutdown(socket.SHUT_RDWR)
            connection.sock.close()
        return connections

    def wait_asked(self, count: int = 1) -> bool:
        """Wait until the heads of ``count`` requests have come."""
        return self._wait(lambda: self._asked >= count)

    def _wait(self, condition: Callable[[], bool], seconds: float = PATIENCE) -> bool:
        with self._lock:
            return self._lock.wait_for(condition, seconds)

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            sock.settimeout(PATIENCE)
            if sock.family == socket.AF_INET:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = Connection(sock)
            connection.thread = threading.Thread(target=self._serve, args=(connection,))
            with self._lock:
                self._connections.append(connection)
                connection.thread.start()

    def _serve(self, connection: Connection) -> None:
        try:
            while self._serve_request(connection):
                pass
        finally:
            with self._lock:
                connection.busy = False
                self._lock.notify_all()

    def _serve_request(self, connection: Connection) -> bool:
        while b"\r\n\r\n" not in connection.buffer:
            if not self._receive(connection):
                return self._end_of_stream(connection)
        with self._lock:
            reply = self._replies[min(self._asked, len(self._replies) - 1)]
            self._asked += 1
            self._lock.notify_all()
        if reply.early and not self._play(connection, reply):
            self._keep_partial(connection)
            return False
        while (cut := cut_request(connection.buffer, ended=False)) is None:
            if not self._receive(connection):
                return self._end_of_stream(connection)
        message, connection.buffer = cut
        connection.requests.append(message)
        if not reply.early and not self._play(connection, reply):
            return False
        with self._lock:
            connection.busy = bool(connection.buffer)
            self._lock.notify_all()
        return True

    def _play(self, connection: Connection, reply: Reply) -> bool:
        """Do what the reply says; false if the connection is over."""
        for step in reply.steps:
            if isinstance(step, bytes):
                try:
                    connection.sock.sendall(step)
                except OSError:
                    connection.ended = "closed by the proxy"
                    return False
            elif isinstance(step, Pause):
                time.sleep(step.seconds)
            elif isinstance(step, Read):
                while step.until not in connection.tunnel:
                    connection.tunnel, connection.buffer = connection.tunnel + connection.buffer, b""
                    if step.until not in connection.tunnel and not self._receive(connection):
                        connection.ended = "closed by the proxy"
                        return False
            else:
                self._end(connection, step)
                return False
        return True

    def _end(self, connection: Connection, end: End) -> None:
        if end is HANG:
            while self._receive(connection):
                pass
            connection.ended = "closed by the proxy" if connection.ended == "kept" else connection.ended
            return
        connection.ended = "closed by the upstream"
        if end is RESET:
            connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.sock.close()
        else:
            with contextlib.suppress(OSError):
                connection.sock.shutdown(socket.SHUT_WR)
            while self._receive(connection):
                pass

    def _receive(self, connection: Connection) -> bytes:
        try:
            data = connection.sock.recv(65536)
        except TimeoutError:
            connection.ended = "still open after all patience" if connection.busy else connection.ended
            return b""
        except OSError:
            return b""
        if data:
            with self._lock:
                connection.buffer += data
                connection.busy = True
        return data

    def _end_of_stream(self, connection: Connection) -> bool:
        if connection.buffer and connection.ended == "kept":
            connection.ended = "closed by the proxy"
        self._keep_partial(connection)
        return False

    def _keep_partial(self, connection: Connection) -> None:
        if connection.buffer:
            cut = cut_request(connection.buffer, ended=True)
            assert cut is not None
            connection.requests.append(cut[0])
            connection.buffer = b""
