"""The client's side of an exchange: raw bytes out, everything that comes back in."""

from __future__ import annotations

import contextlib
import socket
import time
from dataclasses import dataclass, field

from .exchange import Act, Exchange, Until
from .messages import Message, cut_answer
from .upstream import GAP, PATIENCE, Upstream

PROBE = b"GET / HTTP/1.1\r\nHost: probe\r\nConnection: close\r\n\r\n"
"""Asked on the same connection when all answers are there: is it still open, and in step?"""


@dataclass
class Conversation:
    """What came back."""

    answers: list[Message] = field(default_factory=list)
    tunnel: bytes = b""
    end: str = "kept open"


def converse(port: int, exchange: Exchange, upstream: Upstream) -> Conversation:
    """Play the exchange's steps against the server on ``port``."""
    client = _Client(port, exchange)
    try:
        client.play(upstream)
    finally:
        client.sock.close()
    return client.conversation


class _Client:
    def __init__(self, port: int, exchange: Exchange) -> None:
        self.exchange = exchange
        self.conversation = Conversation()
        self.sock = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.ended = ""
        self.finals = 0

    def play(self, upstream: Upstream) -> None:
        for step in self.exchange.steps:
            if isinstance(step, bytes):
                self.send(step)
            elif isinstance(step, Until):
                self.read_until(step.data)
            elif step is Act.PAUSE:
                time.sleep(GAP)
            elif step is Act.ANSWER:
                self.next_answer()
            elif step is Act.UPSTREAM_ASKED:
                upstream.wait_asked()
            elif step is Act.HALF_CLOSE:
                with contextlib.suppress(OSError):
                    self.sock.shutdown(socket.SHUT_WR)
            else:
                self.conversation.end = "left"
                return
        self.read_answers()
        if self.upgraded():
            self.read_tunnel()
        else:
            self.probe()

    def read_answers(self) -> None:
        while not self.upgraded() and self.finals < max(1, len(self.exchange.statuses)) and self.next_answer():
            pass

    def upgraded(self) -> bool:
        return any(message.status == 101 for message in self.conversation.answers)

    def read_until(self, data: bytes) -> None:
        while data not in self.buffer and not self.ended:
            self.receive()

    def read_tunnel(self) -> None:
        """Read what comes after a 101, until the connection ends."""
        while not self.ended:
            self.receive()
        self.conversation.tunnel, self.buffer = self.buffer, b""
        self.conversation.end = self.ended

    def probe(self) -> None:
        """Find out whether the connection is still open, and in step."""
        if not self.ended and not self.announced_close():
            self.send(PROBE)
        while self.next_answer():
            if self.is_probe(self.conversation.answers[-1]):
                self.conversation.answers.pop()
                return
        self.conversation.end = self.ended

    def announced_close(self) -> bool:
        last = self.conversation.answers[-1] if self.conversation.answers else None
        return last is not None and last.get(b"connection") == b"close"

    @staticmethod
    def is_probe(message: Message) -> bool:
        return message.get(b"x-probe") is not None

    def next_answer(self) -> bool:
        """Read one answer into the conversation; false when none will come."""
        while True:
            if self.buffer or not self.ended:
                cut = cut_answer(self.buffer, self.method(), bool(self.ended))
                if cut is not None:
                    message, self.buffer = cut
                    self.conversation.answers.append(message)
                    self.finals += message.status == 101 or not 100 <= message.status < 200
                    return True
            if self.ended:
                return False
            self.receive()

    def method(self) -> str:
        return self.exchange.method(self.finals) if self.finals < len(self.exchange.statuses) else "GET"

    def send(self, data: bytes) -> None:
        # a server may refuse a request and close before it is complete: what it answered is still to be read
        with contextlib.suppress(OSError):
            self.sock.sendall(data)

    def receive(self) -> bytes:
        try:
            data = self.sock.recv(65536)
        except TimeoutError:
            self.ended = "silent"
            return b""
        except OSError:
            # reset or end of stream: which one depends on what was still unread, not on what the server meant
            self.ended = "closed"
            return b""
        if not data:
            self.ended = "closed"
        self.buffer += data
        return data
