"""A hundred megabytes: as a file, from an upstream, and to one."""

from __future__ import annotations

import hashlib
import http.client
from contextlib import AbstractContextManager, closing
from dataclasses import replace
from pathlib import Path

from benchmarks.lab import Lab
from benchmarks.load import program
from benchmarks.load.result import Load
from benchmarks.peers.peer import Role, Site
from benchmarks.upstreams import answers

from .scenario import BUSY, Column
from .served import Served, fetch, must_be
from .upstreams import nobody, transferring

BYTES = 100_000_000
COLUMNS = (Column("rate", "MB/s", 1e-6), Column("cpu", "CPU s per GB", 1e9, 3), BUSY)


class LargeFile(Served):
    name = "large-file"
    title = "Static file of 100 MB"
    cases = {"down": "one connection, one download after the other"}
    columns = COLUMNS
    role = Role.FILES

    def upstream(self, lab: Lab) -> AbstractContextManager[str]:
        self.root = _folder_with_file(lab)
        return nobody()

    def site(self, folder: Path, port: int, upstream: str, case: str) -> Site:
        return replace(super().site(folder, port, upstream, case), root=self.root)

    def check(self, case: str, port: int) -> None:
        must_be(fetch(port, "/large"), answers.body(BYTES), "/large")

    def load(self, case: str, port: int, seconds: float) -> Load:
        return program.run("transfer", port, "down", BYTES, seconds=seconds)


class Large(Served):
    name = "large"
    title = "100 MB through the proxy"
    cases = {
        "down": "from the upstream",
        "up, streamed": "to the upstream, proxy_request_buffering off",
        "up, buffered": "to the upstream, proxy_request_buffering on",
    }
    columns = COLUMNS

    def upstream(self, lab: Lab) -> AbstractContextManager[str]:
        return transferring(lab, str(_folder_with_file(lab) / "large"))

    def variant(self, case: str) -> str:
        return "streamed" if case == "up, streamed" else ""

    def site(self, folder: Path, port: int, upstream: str, case: str) -> Site:
        return replace(super().site(folder, port, upstream, case), buffered_uploads=not self.variant(case))

    def check(self, case: str, port: int) -> None:
        body = answers.body(BYTES)
        if case == "down":
            must_be(fetch(port, "/large"), body, "/large")
            return
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
            connection.request("PUT", "/digest", body)
            must_be(connection.getresponse().read(), hashlib.sha256(body).hexdigest().encode(), "what arrived")

    def load(self, case: str, port: int, seconds: float) -> Load:
        return program.run("transfer", port, case.partition(",")[0], BYTES, seconds=seconds)


def _folder_with_file(lab: Lab) -> Path:
    folder = lab.folder("files")
    folder.chmod(0o755)
    (folder / "large").write_bytes(answers.body(BYTES))
    return folder
