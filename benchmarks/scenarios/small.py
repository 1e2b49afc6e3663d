"""A small dynamic answer from a fast upstream: what the proxy itself costs."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager

from benchmarks.lab import Lab
from benchmarks.load import wrk
from benchmarks.load.result import Load
from benchmarks.upstreams import answers

from .scenario import KNOWN, PAIR
from .served import Served, fetch, must_be
from .upstreams import answering

CONNECTIONS = 32
BYTES = 100


class Small(Served):
    name = "small"
    title = f"Small dynamic answer, {CONNECTIONS} connections"
    cases = {
        "repeating": "every request of a connection has the same head",
        "varying": "every request's path, cookie and referer are new",
    }
    in_short = (*PAIR, "caddy", "aiohttp")
    in_full = (*KNOWN, "twisted", "mitmproxy")

    def upstream(self, lab: Lab) -> AbstractContextManager[str]:
        return answering(lab, BYTES)

    def check(self, case: str, port: int) -> None:
        must_be(fetch(port, "/p/1"), answers.body(BYTES), "/p/1")

    def least(self, case: str) -> int:
        return BYTES

    def load(self, case: str, port: int, seconds: float) -> Load:
        url = f"http://127.0.0.1:{port}/p/x"
        if case == "repeating":
            return wrk.run(url, CONNECTIONS, seconds)
        return wrk.run(url, CONNECTIONS, seconds, script="varying.lua", arguments=[unused_number()])


def unused_number() -> str:
    """Where a script that counts begins, so that no head comes twice in a run."""
    return str(time.monotonic_ns() // 1000)
