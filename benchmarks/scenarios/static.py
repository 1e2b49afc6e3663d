"""Small files that everybody asks for."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

from benchmarks.lab import Lab
from benchmarks.load import wrk
from benchmarks.load.result import Load
from benchmarks.peers.peer import Role, Site
from benchmarks.upstreams import answers

from .served import Served, fetch, must_be
from .upstreams import nobody

CONNECTIONS = 32
SIZES = {"1 KB": 1000, "10 KB": 10_000}


class Static(Served):
    name = "static"
    title = f"Static files, hot, {CONNECTIONS} connections"
    cases = {size: f"one file of {size}" for size in SIZES}
    role = Role.FILES

    def upstream(self, lab: Lab) -> AbstractContextManager[str]:
        self.root = lab.folder("root")
        for size in SIZES.values():
            (self.root / f"{size}.txt").write_bytes(answers.body(size))
        self.root.chmod(0o755)
        return nobody()

    def site(self, folder: Path, port: int, upstream: str, case: str) -> Site:
        return replace(super().site(folder, port, upstream, case), root=self.root)

    def check(self, case: str, port: int) -> None:
        must_be(fetch(port, f"/{SIZES[case]}.txt"), answers.body(SIZES[case]), case)

    def least(self, case: str) -> int:
        return SIZES[case]

    def load(self, case: str, port: int, seconds: float) -> Load:
        return wrk.run(f"http://127.0.0.1:{port}/{SIZES[case]}.txt", CONNECTIONS, seconds)
