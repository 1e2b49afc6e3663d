"""An owner that is killed leaves no orphan."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pyproxy.programs import session

OWNER = """
import asyncio, sys
from pathlib import Path
from pyproxy.config.tree import Source
from pyproxy.programs.plan import Plan
from pyproxy.programs.program import Program
from pyproxy.programs.supervisor import Supervisor

async def main(runtime, prefix, command):
    program = Program("app", {"command": command, "startsecs": "0"}, Source("app.toml", 1))
    supervisor = Supervisor(Plan([program], prefix=Path(prefix)), parent=Path(runtime))
    await supervisor.start()
    assert await supervisor.wait_running(10) == []
    print(next(Path(runtime).glob("*/supervisord.pid")).read_text().strip(), flush=True)
    await asyncio.sleep(60)

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_the_end_of_the_owner(end: signal.Signals, tmp_path: Path, python: Callable[[str], str]) -> None:
    command = python("import time; time.sleep(60)")
    root = Path(__file__).parents[3]
    with tempfile.TemporaryDirectory(prefix="run-") as runtime:
        arguments = [sys.executable, "-c", OWNER, runtime, str(tmp_path), command]
        with subprocess.Popen(
            arguments, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
        ) as owner:
            try:
                assert owner.stdout is not None
                leader = int(owner.stdout.readline())
                assert len(session.members(leader)) == 2
            finally:
                owner.send_signal(end)
        deadline = time.monotonic() + 15
        try:
            while session.members(leader) or os.listdir(runtime):
                assert time.monotonic() < deadline, "supervisord outlives its owner"
                time.sleep(0.05)
        finally:
            session.kill(session.members(leader), signal.SIGKILL)
