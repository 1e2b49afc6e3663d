"""What is told of programs, from one look at them to the next."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pyproxy.core.logs.log import ERROR, NOTICE
from pyproxy.process.programs import Programs
from pyproxy.programs.program import ProgramState

RUNNING = ProgramState("app", "RUNNING", 7, "", 0, None, None)
STARTING = replace(RUNNING, statename="STARTING", pid=8)
ENDED = (ERROR, "program `app` is being started again: process 7 has ended")


class FakeSupervisor:
    def __init__(self) -> None:
        self.now = [RUNNING]

    async def states(self) -> list[ProgramState]:
        return self.now

    async def with_last_lines(self, states: list[ProgramState]) -> list[ProgramState]:
        return states


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (RUNNING, []),
        (STARTING, [ENDED]),
        # it may end and be up again between two looks
        (replace(RUNNING, pid=8), [ENDED, (NOTICE, "program `app` runs as process 8")]),
        (replace(RUNNING, statename="STOPPED", pid=0), [(NOTICE, "program `app` has been stopped")]),
        (
            replace(RUNNING, statename="FATAL", pid=0, description="why", last_lines=("last",)),
            [(ERROR, "program `app` is FATAL: why\n    last")],
        ),
    ],
)
def test_what_is_told(tmp_path: Path, state: ProgramState, said: list[tuple[int, str]]) -> None:
    told: list[tuple[int, str]] = []
    programs = Programs(str(tmp_path / "pid"), lambda level, message: told.append((level, message)), False)
    supervisor: Any = FakeSupervisor()
    programs._supervisor = supervisor

    async def look_twice() -> None:
        await programs._look()
        assert told == []
        supervisor.now = [state]
        await programs._look()

    asyncio.run(look_twice())
    assert told == said
