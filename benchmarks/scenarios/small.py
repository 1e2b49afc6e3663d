"""A small dynamic answer from a fast upstream: what the proxy itself costs."""

from __future__ import annotations

import time

from benchmarks.load import wrk
from benchmarks.load.result import Load

from .answered import Answered
from .scenario import KNOWN, PAIR

CONNECTIONS = 32


class Small(Answered):
    name = "small"
    title = f"Small dynamic answer, {CONNECTIONS} connections"
    size = 100
    cases = {
        "repeating": "every request of a connection has the same head",
        "varying": "every request's path, cookie and referer are new",
    }
    in_short = (*PAIR, "caddy", "aiohttp")
    in_full = (*KNOWN, "twisted", "mitmproxy")

    def load(self, case: str, port: int, seconds: float) -> Load:
        url = f"http://127.0.0.1:{port}/p/x"
        if case == "repeating":
            return wrk.run(url, CONNECTIONS, seconds)
        return wrk.run(url, CONNECTIONS, seconds, script="varying.lua", arguments=[unused_number()])


def unused_number() -> str:
    """Where a script that counts begins, so that no head comes twice in a run."""
    return str(time.monotonic_ns() // 1000)
