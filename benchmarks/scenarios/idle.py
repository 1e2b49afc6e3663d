"""Memory of connections that are open and quiet."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator, Mapping, Sequence

from benchmarks.lab import Lab
from benchmarks.machine import files_allowed
from benchmarks.measure import Failure, Sample
from benchmarks.peers.peer import Peer, Site
from benchmarks.process import free_port

from .scenario import Column, Measure, Scenario
from .upstreams import answering

CONNECTIONS = 5000
BYTES = 100
SPARE_FILES = 200
REQUEST = b"GET /p/x HTTP/1.1\r\nHost: localhost\r\nUser-Agent: idle\r\nCookie: session=%d\r\n\r\n"


class Idle(Scenario):
    name = "idle"
    title = f"{CONNECTIONS} idle keep-alive connections"
    cases = {"kept": "each has had one answer"}
    columns = (
        Column("memory", "KiB per connection", 1 / 1024, 2),
        Column("start", "MiB before them", 1 / (1 << 20), 1),
        Column("connections", "connections"),
    )

    @contextlib.contextmanager
    def prepared(self, lab: Lab, peers: Sequence[Peer], seconds: float) -> Iterator[tuple[Measure, Mapping[str, str]]]:
        named = {peer.name: peer for peer in peers}
        with answering(lab, BYTES) as upstream:
            yield lambda case, peer: self._measure(lab, named[peer], upstream), {}

    def _measure(self, lab: Lab, peer: Peer, upstream: str) -> Sample:
        """A fresh server each time: memory that was freed once is never counted again."""
        folder, port = lab.folder(peer.name), free_port()
        command = peer.command(Site(self.role, folder, port, upstream))
        with (
            lab.process(
                peer.name,
                command,
                measured=True,
                address=port,
                environment=peer.environment,
                cwd=peer.cwd,
                folder=folder,
            ) as process,
            contextlib.ExitStack() as stack,
        ):
            # What the first requests allocate belongs to the program, not to connections.
            for number in range(100):
                with socket.create_connection(("127.0.0.1", port), 10) as sock:
                    _ask(sock, number)
            before = process.memory()
            count = min(CONNECTIONS, files_allowed() - SPARE_FILES)
            for number in range(count):
                sock = stack.enter_context(socket.create_connection(("127.0.0.1", port), 10))
                _ask(sock, number)
            return {"memory": (process.memory() - before) / count, "start": before, "connections": count}


def _ask(sock: socket.socket, number: int) -> None:
    sock.sendall(REQUEST % number)
    answer = b""
    while b"\r\n\r\n" not in answer or len(answer.partition(b"\r\n\r\n")[2]) < BYTES:
        piece = sock.recv(4096)
        if not piece or not answer.startswith(b"HTTP/1.1 200"[: len(answer)]):
            raise Failure(f"connection {number} was answered {answer[:100]!r}")
        answer += piece
