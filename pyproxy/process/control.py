"""What a master and a worker say to each other, over a pair of connected sockets that only the two hold.

The master sends pickled messages, and sockets. A worker answers in plain text: one that was taken over must not own a
master who may be root. When one of them ends, however it ends, the other one reads the end.
"""

from __future__ import annotations

import contextlib
import pickle
import socket
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyproxy.config.tree import Directive
from pyproxy.config.values import Address
from pyproxy.core.site import User
from pyproxy.zones.board import Seat

AT_ONCE = 100
"""Sockets in one message; Linux allows 253."""
CLOSED = b"c"
ANSWER = 1 << 16
"""Bytes of a worker's answer, at most."""
_LENGTH = struct.Struct("!I")


@dataclass(frozen=True, slots=True)
class Job:
    """What a worker is to serve: the configuration as the master has read and checked it."""

    directives: tuple[Directive, ...]
    prefix: str
    file: str
    """The configuration file, for messages."""
    user: User | None
    """Whom the worker becomes once its files are open; None: it stays who it is."""
    resolved: dict[Address, list[Address]]
    """What the names in ``listen`` meant when the sockets were bound."""
    zones: Mapping[str, str]
    """The files of shared zones, by their names."""
    seat: Seat | None = None
    """The worker's own place at the board."""


class Control:
    """One end. Calls block, and raise EOFError when the other side has ended."""

    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock

    def send(self, message: Any) -> None:
        """The master's side."""
        self._send(pickle.dumps(message, pickle.HIGHEST_PROTOCOL))

    def receive(self) -> Any:
        """The worker's side, who believes his master."""
        return pickle.loads(self._read(self._length()))

    def answer(self, text: str) -> None:
        """The worker's side."""
        self._send(text.encode("utf-8", "backslashreplace")[:ANSWER])

    def hear(self) -> str:
        """The master's side, who believes nobody."""
        return self._read(min(self._length(), ANSWER)).decode("utf-8", "replace")

    def _send(self, data: bytes) -> None:
        try:
            self.socket.sendall(_LENGTH.pack(len(data)) + data)
        except OSError as error:
            raise EOFError from error

    def _length(self) -> int:
        length: int = _LENGTH.unpack(self._read(_LENGTH.size))[0]
        return length

    def _read(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            try:
                part = self.socket.recv(size - len(data))
            except ConnectionError as error:  # it has ended before it read all that we sent
                raise EOFError from error
            if not part:
                raise EOFError
            data += part
        return data

    def say_closed(self) -> None:
        """Tell the master that no connection is accepted any more."""
        with contextlib.suppress(OSError):
            self.socket.send(CLOSED)

    def send_sockets(self, groups: Sequence[Sequence[socket.socket]]) -> None:
        """Hand duplicates of the sockets over, in these groups."""
        self.send([len(group) for group in groups])
        fds = [sock.fileno() for group in groups for sock in group]
        try:
            for at in range(0, len(fds), AT_ONCE):
                socket.send_fds(self.socket, [b"."], fds[at : at + AT_ONCE])
        except OSError as error:
            raise EOFError from error

    def receive_sockets(self) -> list[list[socket.socket]]:
        """The sockets, in their groups."""
        counts: list[int] = self.receive()
        fds: list[int] = []
        while len(fds) < sum(counts):
            try:
                data, more, _, _ = socket.recv_fds(self.socket, 1, AT_ONCE)
            except ConnectionError as error:
                raise EOFError from error
            if not data:
                raise EOFError
            fds += more
        rest = iter(fds)
        return [[socket.socket(fileno=next(rest)) for _ in range(count)] for count in counts]
