"""Scenarios in which servers run all the time and are measured in turn."""

from __future__ import annotations

import contextlib
import http.client
import time
from abc import abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.lab import Lab
from benchmarks.load.result import Load
from benchmarks.measure import Failure, Sample
from benchmarks.peers.peer import Peer, Site
from benchmarks.process import Process, free_port

from .scenario import Measure, Scenario

WARM_UP = 0.3
"""Seconds of load before the first measurement, for caches and connections."""
LOOK = 0.1
PATIENCE = 3.0
"""Seconds between two looks whether a server is still at work, and until the next is measured all the same."""


@dataclass(frozen=True)
class Running:
    """A server that runs, and where it answers."""

    process: Process
    port: int


class Served(Scenario):
    """The upstream and all servers are started once; a measurement is one run of a load generator."""

    @abstractmethod
    def upstream(self, lab: Lab) -> AbstractContextManager[str]:
        """Start what is behind the servers; gives its address, host:port."""

    @abstractmethod
    def check(self, case: str, port: int) -> None:
        """Look at one answer. Raises Failure if it is not what it must be."""

    @abstractmethod
    def load(self, case: str, port: int, seconds: float) -> Load:
        """Run the load generator."""

    def least(self, case: str) -> int:
        """Bytes that an answer has at least: a load generator does not look at bodies, but tells how much came."""
        return 0

    def site(self, folder: Path, port: int, upstream: str, case: str) -> Site:
        """What the servers are to serve."""
        return Site(self.role, folder, port, upstream)

    def variant(self, case: str) -> str:
        """Cases of one variant are served by one process; the default is one for all of them."""
        return ""

    def upstream_cpu(self) -> float:
        """CPU seconds of what is behind the servers so far, where a scenario wants to know."""
        return 0

    def sample(self, load: Load, cpu: float, upstream_cpu: float) -> Sample:
        """The quantities of a measurement during which the server and the upstream used so much CPU time."""
        return {
            "rate": load.amount / load.seconds,
            "cpu": cpu / load.amount,
            "p50": load.p50,
            "p99": load.p99,
            "busy": cpu / load.seconds,
            "errors": load.errors,
        }

    @contextlib.contextmanager
    def prepared(self, lab: Lab, peers: Sequence[Peer], seconds: float) -> Iterator[tuple[Measure, Mapping[str, str]]]:
        with contextlib.ExitStack() as stack:
            upstream = stack.enter_context(self.upstream(lab))
            running: dict[tuple[str, str], Running] = {}
            failures: dict[str, str] = {}
            for peer in peers:
                try:
                    for case in self.cases:
                        key = peer.name, self.variant(case)
                        if key not in running:
                            running[key] = stack.enter_context(self._server(lab, peer, upstream, case))
                        self.check(case, running[key].port)
                        self._loaded(case, running[key].port, WARM_UP)
                except (Failure, RuntimeError, OSError, http.client.HTTPException) as error:
                    failures[peer.name] = str(error)

            def measure(case: str, peer: str) -> Sample:
                server = running[peer, self.variant(case)]
                _rest(running.values())
                before, upstream_before = server.process.cpu_seconds(), self.upstream_cpu()
                load = self._loaded(case, server.port, seconds)
                if not load.amount:
                    raise Failure(f"nothing was answered in {load.seconds:.1f} s")
                cpu, upstream_cpu = server.process.cpu_seconds() - before, self.upstream_cpu() - upstream_before
                return self.sample(load, cpu, upstream_cpu)

            yield measure, failures

    def _loaded(self, case: str, port: int, seconds: float) -> Load:
        load = self.load(case, port, seconds)
        if load.received < self.least(case) * (load.amount - load.errors):
            raise Failure(f"answers of {load.received / load.amount:.0f} bytes, not of {self.least(case)}")
        return load

    @contextlib.contextmanager
    def _server(self, lab: Lab, peer: Peer, upstream: str, case: str) -> Iterator[Running]:
        folder, port = lab.folder(peer.name), free_port()
        command = peer.command(self.site(folder, port, upstream, case))
        with lab.process(
            peer.name, command, measured=True, address=port, environment=peer.environment, cwd=peer.cwd, folder=folder
        ) as process:
            yield Running(process, port)


def _rest(servers: Collection[Running]) -> None:
    """Wait, PATIENCE seconds at most, until no server is at work: what one still does after its round would be on the
    next one's core."""
    deadline = time.monotonic() + PATIENCE
    used = -1.0
    while time.monotonic() < deadline:
        before, used = used, sum(server.process.cpu_seconds() for server in servers)
        if used == before:
            return
        time.sleep(LOOK)


def fetch(port: int, path: str, fields: Mapping[str, str] | None = None) -> bytes:
    """The body of an answer 200. Raises Failure for any other."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    with contextlib.closing(connection):
        connection.request("GET", path, headers=dict(fields or {}))
        response = connection.getresponse()
        body = response.read()
    if response.status != 200:
        raise Failure(f"GET {path} answered {response.status}: {body[:200]!r}")
    return body


def must_be(found: bytes, expected: bytes, what: str) -> None:
    """Raises Failure if a body is another one."""
    if found != expected:
        raise Failure(f"{what}: another body than expected ({len(found)} bytes, not {len(expected)})")
