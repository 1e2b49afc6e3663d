"""Clients that do not keep their connection."""

from __future__ import annotations

from benchmarks.load import wrk
from benchmarks.load.result import Load

from .answered import Answered

CONNECTIONS = 32


class NewConnections(Answered):
    name = "new-connections"
    title = f"A connection for every request, {CONNECTIONS} at a time"
    size = 100
    cases = {"close": "requests with Connection: close"}
    fields = {"Connection": "close"}

    def load(self, case: str, port: int, seconds: float) -> Load:
        return wrk.run(f"http://127.0.0.1:{port}/p/x", CONNECTIONS, seconds, fields=self.fields)
