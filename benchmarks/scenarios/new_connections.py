"""Clients that do not keep their connection."""

from __future__ import annotations

from contextlib import AbstractContextManager

from benchmarks.lab import Lab
from benchmarks.load import wrk
from benchmarks.load.result import Load
from benchmarks.upstreams import answers

from .served import Served, fetch, must_be
from .upstreams import answering

CONNECTIONS = 32
BYTES = 100


class NewConnections(Served):
    name = "new-connections"
    title = f"A connection for every request, {CONNECTIONS} at a time"
    cases = {"close": "requests with Connection: close"}

    def upstream(self, lab: Lab) -> AbstractContextManager[str]:
        return answering(lab, BYTES)

    def check(self, case: str, port: int) -> None:
        must_be(fetch(port, "/p/1", {"Connection": "close"}), answers.body(BYTES), "/p/1")

    def least(self, case: str) -> int:
        return BYTES

    def load(self, case: str, port: int, seconds: float) -> Load:
        return wrk.run(f"http://127.0.0.1:{port}/p/x", CONNECTIONS, seconds, fields={"Connection": "close"})
