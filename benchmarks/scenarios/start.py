"""How long one waits: for the first answer, and for what `-V` prints."""

from __future__ import annotations

import contextlib
import http.client
import resource
import time
from collections.abc import Iterator, Mapping, Sequence

from benchmarks.lab import Lab
from benchmarks.measure import Failure, Sample
from benchmarks.peers.peer import Peer, Site
from benchmarks.process import PATIENCE, Process, free_port
from benchmarks.upstreams import answers

from .scenario import Column, Measure, Scenario
from .served import must_be
from .upstreams import answering

BYTES = 100
STEP = 0.0005
"""Seconds between two looks."""


class Start(Scenario):
    name = "start"
    title = "From the command to the first answer, and `-V`"
    cases = {"first answer": "one site, one proxied answer", "-V": "version and modules (others: version)"}
    columns = (Column("seconds", "ms", 1e3, 1), Column("cpu", "CPU ms", 1e3))

    @contextlib.contextmanager
    def prepared(self, lab: Lab, peers: Sequence[Peer], seconds: float) -> Iterator[tuple[Measure, Mapping[str, str]]]:
        named = {peer.name: peer for peer in peers}
        with answering(lab, BYTES) as upstream:

            def measure(case: str, peer: str) -> Sample:
                if case == "-V":
                    return _version(lab, named[peer])
                return self._first_answer(lab, named[peer], upstream)

            # Once without looking at the clock: files come into the page cache, Python writes its .pyc.
            for case in self.cases:
                for peer in named:
                    with contextlib.suppress(Failure, RuntimeError, OSError):
                        measure(case, peer)
            yield measure, {}

    def _first_answer(self, lab: Lab, peer: Peer, upstream: str) -> Sample:
        folder, port = lab.folder(peer.name), free_port()
        command = peer.command(Site(self.role, folder, port, upstream))
        start = time.perf_counter()
        with lab.process(
            peer.name, command, measured=True, environment=peer.environment, cwd=peer.cwd, folder=folder
        ) as process:
            body = _first_body(process, port)
            took = time.perf_counter() - start
            must_be(body, answers.body(BYTES), "the first answer")
            return {"seconds": took, "cpu": process.cpu_seconds()}


def _first_body(process: Process, port: int) -> bytes:
    deadline = time.perf_counter() + PATIENCE
    while process.running() and time.perf_counter() < deadline:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        with contextlib.closing(connection), contextlib.suppress(ConnectionError):
            connection.request("GET", "/p/1")
            return connection.getresponse().read()
        time.sleep(STEP)
    raise Failure(f"no answer within {PATIENCE:.0f} s:\n{process.said()}")


def _version(lab: Lab, peer: Peer) -> Sample:
    start, before = time.perf_counter(), _cpu_of_ended()
    with lab.process(
        peer.name,
        [*(peer.program() or ()), peer.version_option],
        measured=True,
        environment=peer.environment,
        cwd=peer.cwd,
    ) as process:
        process.wait()
        return {"seconds": time.perf_counter() - start, "cpu": _cpu_of_ended() - before}


def _cpu_of_ended() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
