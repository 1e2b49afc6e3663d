"""The machine: which core does what, and what to write down about it."""

from __future__ import annotations

import contextlib
import os
import platform
import resource
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Cores:
    """The server that is measured has one core for itself; whoever asks it and answers it shares the others."""

    server: frozenset[int]
    others: frozenset[int]

    @classmethod
    def of_this_machine(cls) -> Cores:
        """Raises OSError if there is only one: then whatever is measured is the scheduler."""
        first, *rest = sorted(os.sched_getaffinity(0))
        if not rest:
            raise OSError("two cores are needed: one for the server, one for the load; this process may use one only")
        return cls(frozenset({first}), frozenset(rest))


@contextlib.contextmanager
def on(cores: frozenset[int]) -> Iterator[None]:
    """Run the block on these cores; a process started in it stays on them."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def allow_many_files() -> None:
    """Raise the soft limit of open files to the hard one, for us and for what we start."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def files_allowed() -> int:
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def description() -> dict[str, str]:
    """What a reader wants to know of the machine that figures come from."""
    return {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "system": f"{_system()}, Linux {platform.release()}",
        "python": platform.python_version(),
    }


def _processor() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()


def _system() -> str:
    with contextlib.suppress(OSError):
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    return platform.system()
