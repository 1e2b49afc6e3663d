"""What a browser asks for, and a page of 20 KB."""

from __future__ import annotations

from contextlib import AbstractContextManager

from benchmarks.lab import Lab
from benchmarks.load import wrk
from benchmarks.load.result import Load
from benchmarks.upstreams import answers

from .served import Served, fetch, must_be
from .small import unused_number
from .upstreams import answering

CONNECTIONS = 32
BYTES = 20_000


class Browser(Served):
    name = "browser"
    title = "Browser-like heads (15 fields, 900 bytes), answers of 20 KB"
    cases = {
        "repeating": "every request of a connection has the same head",
        "varying": "every request's path, cookie and referer are new",
    }

    def upstream(self, lab: Lab) -> AbstractContextManager[str]:
        return answering(lab, BYTES)

    def check(self, case: str, port: int) -> None:
        must_be(fetch(port, "/p/1"), answers.body(BYTES), "/p/1")

    def least(self, case: str) -> int:
        return BYTES

    def load(self, case: str, port: int, seconds: float) -> Load:
        arguments = [unused_number()] if case == "varying" else []
        return wrk.run(f"http://127.0.0.1:{port}/p/x", CONNECTIONS, seconds, script="browser.lua", arguments=arguments)
