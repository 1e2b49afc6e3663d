"""Where measurements happen: cores, a folder, and every process that was started, ended whatever happens."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from .machine import Cores, allow_many_files
from .process import Process, free_port

REPOSITORY = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Extent:
    """How much is measured: rounds, seconds for one measurement, whether all peers take part, rounds of the story."""

    rounds: int
    seconds: float
    everyone: bool
    story_rounds: int = 1


QUICK = Extent(rounds=5, seconds=0.5, everyone=False)
FULL = Extent(rounds=5, seconds=2.0, everyone=True, story_rounds=3)


class Lab:
    """A context; at its end nothing of it is left, neither processes nor files."""

    def __init__(self, cores: Cores | None = None) -> None:
        self.cores = cores or Cores.of_this_machine()
        self._stack = contextlib.ExitStack()
        self._count = 0

    def __enter__(self) -> Lab:
        allow_many_files()
        folder = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="pyproxy-bench-"))
        self._folder = Path(folder)
        # Started by root, nginx's workers are somebody else, who must get in.
        self._folder.chmod(0o755)
        os.sched_setaffinity(0, self.cores.others)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()
        os.sched_setaffinity(0, self.cores.server | self.cores.others)

    def folder(self, name: str) -> Path:
        """A new folder."""
        self._count += 1
        folder = self._folder / f"{self._count}-{name}"
        folder.mkdir()
        return folder

    @contextlib.contextmanager
    def process(
        self,
        name: str,
        command: Sequence[str],
        *,
        measured: bool = False,
        address: int | Path | None = None,
        environment: Mapping[str, str] | None = None,
        cwd: Path = REPOSITORY,
        folder: Path | None = None,
    ) -> Iterator[Process]:
        """Run a program for the length of the block; the block begins when ``address`` takes connections."""
        cores = self.cores.server if measured else self.cores.others
        process = Process(command, cores, folder or self.folder(name), name, environment, cwd)
        try:
            if address is not None:
                process.wait_for(address)
            yield process
        finally:
            process.stop()

    @contextlib.contextmanager
    def upstream(self, program: str, *arguments: str) -> Iterator[int]:
        """A program of benchmarks/upstreams on the other core; gives its port."""
        port = free_port()
        command = [sys.executable, "-m", f"benchmarks.upstreams.{program}", str(port), *arguments]
        with self.process(program, command, address=port):
            yield port
