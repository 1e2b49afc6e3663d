from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pyproxy.config.tree import Source
from pyproxy.programs.program import Program

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
