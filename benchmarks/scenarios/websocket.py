"""WebSocket messages there and back."""

from __future__ import annotations

from contextlib import AbstractContextManager

from benchmarks.lab import Lab
from benchmarks.load import program
from benchmarks.load.result import Load
from benchmarks.peers.peer import Role

from .scenario import BUSY, P50, P99, Column
from .served import Served
from .upstreams import echoing

CONNECTIONS = 100
SIZES = {"64 B": 64, "64 KB": 65536}


class WebSocket(Served):
    name = "websocket"
    title = f"WebSocket echo, {CONNECTIONS} connections"
    cases = {size: f"messages of {size}, each answered before the next" for size in SIZES}
    columns = (Column("rate", "messages/s"), Column("cpu", "CPU s per 10,000", 1e4, 2), P50, P99, BUSY)
    role = Role.WEBSOCKET

    def upstream(self, lab: Lab) -> AbstractContextManager[str]:
        return echoing(lab)

    def check(self, case: str, port: int) -> None:
        """The load generator compares the first echo of each connection itself."""

    def load(self, case: str, port: int, seconds: float) -> Load:
        return program.run("websocket", port, CONNECTIONS, SIZES[case], seconds=seconds)
