from __future__ import annotations

import shlex
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import pytest_asyncio

from pyproxy.config.tree import Source
from pyproxy.programs.group import Group
from pyproxy.programs.plan import Plan
from pyproxy.programs.program import Program
from pyproxy.programs.supervisor import Supervisor

WriteProgram = Callable[..., Program]


@pytest.fixture
def program(tmp_path: Path) -> WriteProgram:
    """A program as if written in tmp_path/app.toml: its own line is 1, its options are on the lines after."""

    def write(name: str = "app", **options: str) -> Program:
        file = str(tmp_path / "app.toml")
        lines = {option: Source(file, line) for line, option in enumerate(options, 2)}
        return Program(name, options, Source(file, 1), lines)

    return write


@pytest.fixture(scope="session")
def python() -> Callable[[str], str]:
    """The command that runs this Python code."""
    return lambda code: shlex.join([sys.executable, "-u", "-c", code]).replace("%", "%%")


@pytest.fixture
def runtime() -> Iterator[Path]:
    """A folder of short name: the path of a socket has at most 103 bytes."""
    with tempfile.TemporaryDirectory(prefix="run-") as folder:
        yield Path(folder)


@pytest_asyncio.fixture
async def make(plan: Callable[..., Plan], runtime: Path) -> AsyncIterator[Callable[..., Supervisor]]:
    """Makes a Supervisor of these programs, which is stopped after the test."""
    made: list[Supervisor] = []

    def make(*programs: Program, groups: Sequence[Group] = ()) -> Supervisor:
        made.append(Supervisor(plan(*programs, groups=groups), parent=runtime))
        return made[-1]

    yield make
    for supervisor in made:
        await supervisor.stop()


@pytest.fixture
def plan(tmp_path: Path) -> Callable[..., Plan]:
    """Makes a plan, beside the event loop: it looks at the disk."""

    def plan(*programs: Program, groups: Sequence[Group] = ()) -> Plan:
        with ThreadPoolExecutor() as pool:
            return pool.submit(Plan, programs, groups, tmp_path).result()

    return plan
