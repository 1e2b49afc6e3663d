"""A real application behind the proxy: how much of the work is the proxy's?"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator

from benchmarks.lab import REPOSITORY, Lab
from benchmarks.load import wrk
from benchmarks.load.result import Load
from benchmarks.measure import Failure, Sample
from benchmarks.process import free_port

from .scenario import CPU, P50, P99, RATE, Column
from .served import Served, fetch, must_be

CONNECTIONS = 8
PAGES = {"home": "/", "health": "/health"}


class GoLink(Served):
    name = "golink"
    title = "GoLink behind gunicorn with 3 gevent workers"
    cases = {"home": "the first page, a template", "health": "an answer of two letters"}
    columns = (RATE, CPU, Column("share", "of all CPU time, %", 100, 1), P50, P99)

    @contextlib.contextmanager
    def upstream(self, lab: Lab) -> Iterator[str]:
        port = free_port()
        command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}"]
        command += ["--workers", "3", "--worker-class", "gevent", "index:app"]
        database = str(lab.folder("golink") / "golink.sqlite3")
        with lab.process(
            "gunicorn",
            command,
            address=port,
            environment={"GOLINK_DATABASE": database},
            cwd=REPOSITORY / "golink" / "www",
        ) as self.application:
            yield f"127.0.0.1:{port}"

    def upstream_cpu(self) -> float:
        return self.application.cpu_seconds()

    def sample(self, load: Load, cpu: float, upstream_cpu: float) -> Sample:
        return {**super().sample(load, cpu, upstream_cpu), "share": cpu / (cpu + upstream_cpu)}

    def check(self, case: str, port: int) -> None:
        page = fetch(port, PAGES[case])
        if case == "health":
            must_be(page, b"ok\n", "/health")
        elif b"GoLink" not in page or not page.rstrip().endswith(b"</html>"):
            raise Failure(f"not GoLink's page: {page[:200]!r}")

    def load(self, case: str, port: int, seconds: float) -> Load:
        return wrk.run(f"http://127.0.0.1:{port}{PAGES[case]}", CONNECTIONS, seconds)
