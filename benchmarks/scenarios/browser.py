"""What a browser asks for, and a page of 20 KB."""

from __future__ import annotations

from benchmarks.load import wrk
from benchmarks.load.result import Load

from .answered import Answered
from .small import unused_number

CONNECTIONS = 32


class Browser(Answered):
    name = "browser"
    title = "Browser-like heads (15 fields, 900 bytes), answers of 20 KB"
    size = 20_000
    cases = {
        "repeating": "every request of a connection has the same head",
        "varying": "every request's path, cookie and referer are new",
    }

    def load(self, case: str, port: int, seconds: float) -> Load:
        arguments = [unused_number()] if case == "varying" else []
        return wrk.run(f"http://127.0.0.1:{port}/p/x", CONNECTIONS, seconds, script="browser.lua", arguments=arguments)
