"""Visitors of every kind, each in a thread of its own, who note what they lose; and the upstream that serves them."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable

from .running import PATIENCE, connection

EVENTS = 60
EVENT_EVERY = 0.03
"""Seconds between two events: all of them take as long as some reloads do."""
DOWNLOAD = 8 << 20
"""Bytes; more than the sockets on the way can hold."""
PAUSE = 0.005
"""Seconds between two requests of a visitor: he is not to take the processors from those that are tested."""
PIECE = b"x" * 65536
KINDS = {"short", "kept", "upload", "download", "events", "websocket", "pings"}


class Wire:
    """A connection that is read by the line and by the byte."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.file = sock.makefile("rb")

    def head(self) -> list[bytes]:
        """The lines of a head, none at the end."""
        return list(iter(lambda: self.file.readline().rstrip(), b""))

    def body(self, head: list[bytes]) -> bytes:
        return self.file.read(next(int(line[16:]) for line in head if line.lower().startswith(b"content-length: ")))

    def close(self) -> None:
        self.file.close()
        self.sock.close()


def serve(listening: socket.socket) -> None:
    """The upstream: until the listening socket is closed."""
    with contextlib.suppress(OSError):
        while True:
            sock = listening.accept()[0]
            sock.settimeout(PATIENCE)
            threading.Thread(target=_answer, args=(sock,), daemon=True).start()


def _answer(sock: socket.socket) -> None:
    wire = Wire(sock)
    try:
        while head := wire.head():
            path = head[0].split()[1]
            if path == b"/events":
                sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")
                for number in range(EVENTS):
                    sock.sendall(b"data: %d\n\n" % number)
                    time.sleep(EVENT_EVERY)
                return
            if path == b"/socket":
                sock.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
                while line := wire.file.readline():
                    sock.sendall(line)
                return
            got = b"%d" % len(wire.body(head)) if path == b"/upload" else b"ok"
            sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(got), got))
    except OSError:
        pass  # it was the proxy's to close
    finally:
        wire.close()


class Visitors:
    """They visit until they are told to stop."""

    def __init__(self, port: int) -> None:
        self.failures: list[str] = []
        self.done: Counter[str] = Counter()
        self.tunnels: list[int] = []
        """The workers that the WebSockets were opened by."""
        self._port = port
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def send(self, visit: Callable[[], None], count: int) -> None:
        """Let so many of one kind begin, each again and again."""
        for _ in range(count):
            self._threads.append(threading.Thread(target=self._repeat, args=(visit,)))
            self._threads[-1].start()

    def stop(self) -> None:
        """Let each finish what it has begun."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _repeat(self, visit: Callable[[], None]) -> None:
        while not self._stop.is_set():
            try:
                visit()
            except Exception as error:
                self.failures.append(f"{visit.__name__}: {error!r}")

    def _open(self, request: str, body: bytes = b"") -> tuple[Wire, list[bytes]]:
        wire = Wire(connection(self._port))
        wire.sock.sendall(f"{request}\r\nHost: test\r\n\r\n".encode() + body)
        head = wire.head()
        assert head, "no answer"
        assert head[0].split()[1] in (b"200", b"101"), head[0]
        return wire, head

    def short(self) -> None:
        wire, head = self._open("GET / HTTP/1.1\r\nConnection: close")
        assert wire.body(head) == b"ok"
        wire.close()
        self.done["short"] += 1
        time.sleep(PAUSE)

    def kept(self) -> None:
        """One connection as long as it lasts."""
        wire = Wire(connection(self._port))
        while not self._stop.is_set():
            if select.select([wire.sock], [], [], PAUSE)[0]:
                break  # closed in order; an HTTP client looks before it uses a connection again
            wire.sock.sendall(b"GET / HTTP/1.1\r\nHost: test\r\n\r\n")
            head = wire.head()
            assert head, "closed without an answer"
            assert wire.body(head) == b"ok"
            self.done["kept"] += 1
            if b"Connection: close" in head:
                break
        wire.close()

    def upload(self) -> None:
        """One that arrives in pieces."""
        wire = Wire(connection(self._port))
        wire.sock.sendall(
            b"POST /upload HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % (8 * len(PIECE))
        )
        for _ in range(8):
            wire.sock.sendall(PIECE)
            time.sleep(0.02)
        assert wire.body(wire.head()) == b"%d" % (8 * len(PIECE))
        wire.close()
        self.done["upload"] += 1

    def download(self) -> None:
        """One that takes some reloads' time."""
        wire, _ = self._open("GET /file HTTP/1.1\r\nConnection: close")
        size = 0
        while part := wire.file.read(DOWNLOAD // 32):
            size += len(part)
            time.sleep(0.03)
        assert size == DOWNLOAD
        wire.close()
        self.done["download"] += 1

    def events(self) -> None:
        wire, _ = self._open("GET /events HTTP/1.1")
        told = wire.file.read()
        assert told.endswith(b"data: %d\n\n" % (EVENTS - 1)) or b"\r\n0\r\n" in told
        assert told.count(b"data: ") == EVENTS
        wire.close()
        self.done["events"] += 1

    def websocket(self) -> None:
        """One as long as the visit."""
        wire, head = self._open("GET /socket HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade")
        assert b"101" in head[0]
        self.tunnels.append(next(int(line.split()[1]) for line in head if line.startswith(b"X-Worker: ")))
        while not self._stop.is_set():
            wire.sock.sendall(b"ping\n")
            assert wire.file.readline() == b"ping\n", "the tunnel is cut"
            time.sleep(0.01)
            self.done["pings"] += 1
        wire.close()
        self.done["websocket"] += 1
