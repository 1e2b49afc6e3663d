"""The same small answer on ever more connections; and an equal load, below what anybody can do."""

from __future__ import annotations

from benchmarks.load import wrk
from benchmarks.load.result import Load

from .answered import Answered
from .scenario import PAIR

COUNTS = (1, 32, 256, 2000)
EQUAL = 4000
"""Requests/s of the equal load."""
OPENED = 1000
"""Connections for which each measurement lasts at least a second."""


class Connections(Answered):
    name = "connections"
    title = "Small dynamic answer on 1 to 2000 connections"
    size = 100
    cases = {str(count): f"as fast as it goes on {count}" for count in COUNTS} | {
        f"{count} paced": f"{EQUAL} requests/s on {count}" for count in COUNTS[1:]
    }

    in_full = (*PAIR, "haproxy", "caddy")

    def load(self, case: str, port: int, seconds: float) -> Load:
        count, _, paced = case.partition(" ")
        # Opening thousands of connections is not what is measured.
        seconds = max(seconds, int(count) / OPENED)
        url = f"http://127.0.0.1:{port}/p/x"
        if not paced:
            return wrk.run(url, int(count), seconds)
        pause = round(1000 * int(count) / EQUAL)
        return wrk.run(url, int(count), seconds, script="paced.lua", arguments=[str(pause)])
