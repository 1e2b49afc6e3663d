"""Real programs under the real Supervisor."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from blockbuster import blockbuster_ctx

from pyproxy.config.tree import ConfigError, Source
from pyproxy.programs import session
from pyproxy.programs.daemon import SupervisorError
from pyproxy.programs.group import Group
from pyproxy.programs.plan import Plan
from pyproxy.programs.program import Program, ProgramState
from pyproxy.programs.supervisor import Supervisor

Python = Callable[[str], str]
WriteProgram = Callable[..., Program]
Make = Callable[..., Supervisor]
MakePlan = Callable[..., Plan]

SLEEP = "import time; print('up'); time.sleep(60)"
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf'); time.sleep(60)"


@pytest.fixture(autouse=True)
def _nothing_blocks_the_loop() -> Iterator[None]:
    with blockbuster_ctx("pyproxy"):
        yield


def pids(states: list[ProgramState]) -> dict[str, int]:
    return {state.name: state.pid for state in states}


def supervisord(runtime: Path) -> int:
    (pidfile,) = runtime.glob("*/supervisord.pid")
    return int(pidfile.read_text())


async def appears(file: Path, text: str) -> None:
    deadline = time.monotonic() + 10
    while not await asyncio.to_thread(lambda: file.exists() and text in file.read_text()):
        assert time.monotonic() < deadline, f"{text!r} does not appear in {file}"
        await asyncio.sleep(0.02)


async def test_start_and_stop_leave_nothing(
    make: Make, program: WriteProgram, python: Python, tmp_path: Path, runtime: Path
) -> None:
    one = program("one", command=python(SLEEP), startsecs="0")
    two = program("two", command=python(SLEEP), startsecs="0", redirect_stderr="true")
    supervisor = make(one, two)
    started = await supervisor.start()
    assert [(state.name, state.stdout_logfile, state.stderr_logfile) for state in started] == [
        ("one", tmp_path / "logs/one.log", tmp_path / "logs/one-stderr.log"),
        ("two", tmp_path / "logs/two.log", None),
    ]
    assert await supervisor.wait_running(10) == []
    states = await supervisor.states()
    assert [state.statename for state in states] == ["RUNNING", "RUNNING"]
    await appears(tmp_path / "logs/one.log", "up")

    leader = await asyncio.to_thread(supervisord, runtime)
    assert sorted(await asyncio.to_thread(session.members, leader)) == sorted([leader, *pids(states).values()])
    await supervisor.stop()
    assert await asyncio.to_thread(session.members, leader) == []
    assert os.listdir(runtime) == []
    with pytest.raises(SupervisorError, match="supervisord is not running"):
        await supervisor.states()
    await supervisor.stop()  # a second time does no harm


async def test_a_crashing_program_is_reported_with_its_last_lines(
    make: Make, program: WriteProgram, python: Python
) -> None:
    bad = program("bad", command=python("raise SystemExit('port is in use')"), startretries="0")
    good = program("good", command=python(SLEEP), startsecs="0")
    done = program("done", command=python("pass"), startsecs="0", autorestart="false")
    off = program("off", command=python(SLEEP), autostart="false")
    supervisor = make(bad, good, done, off)
    await supervisor.start()
    (failed,) = await supervisor.wait_running(20)
    assert (failed.name, failed.statename, failed.last_lines) == ("bad", "FATAL", ("port is in use",))
    assert str(failed).startswith("program `bad` is FATAL: Exited too quickly")


async def test_what_is_not_running_in_time_is_reported(make: Make, program: WriteProgram, python: Python) -> None:
    supervisor = make(program("slow", command=python(SLEEP), startsecs="60"))
    await supervisor.start()
    assert [(state.name, state.statename) for state in await supervisor.wait_running(0.2)] == [("slow", "STARTING")]


async def test_a_group(make: Make, program: WriteProgram, python: Python, tmp_path: Path) -> None:
    one = program("one", command=python(SLEEP), startsecs="0", process_name="%(group_name)s-one")
    two = program("two", command=python(SLEEP), startsecs="0")
    supervisor = make(one, two, groups=[Group("site", ("one",), Source("x", 1))])
    started = await supervisor.start()
    assert [state.name for state in started] == ["site:site-one", "two"]
    assert started[0].stdout_logfile == tmp_path / "logs/site-one.log"
    assert await supervisor.wait_running(10) == []


async def test_the_programs_surroundings(make: Make, program: WriteProgram, python: Python, tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    code = "import os, shutil; print(os.getcwd(), os.environ['KEY'], shutil.which('python'), 'end'); " + SLEEP
    written = program(
        "app",
        command=python(code),
        directory="inside",
        environment='KEY="%(here)s ; 100%%"',
        stdout_logfile="%(here)s/own.log",
        stderr_logfile="NONE",
    )
    supervisor = make(written)
    (state,) = await supervisor.start()
    assert (state.stdout_logfile, state.stderr_logfile) == (tmp_path / "own.log", None)
    beside = Path(sys.executable).parent / "python"
    await appears(tmp_path / "own.log", f"{tmp_path}/inside {tmp_path} ; 100% {beside} end\n")
    assert not (tmp_path / "logs").exists()


async def test_the_folder_is_private(make: Make, program: WriteProgram, python: Python, runtime: Path) -> None:
    await make(program(command=python(SLEEP))).start()
    (mode,) = await asyncio.to_thread(lambda: [folder.stat().st_mode for folder in runtime.iterdir()])
    assert mode & 0o777 == 0o700


async def test_supervisord_killed(make: Make, program: WriteProgram, python: Python, runtime: Path) -> None:
    supervisor = make(program(command=python(SLEEP), startsecs="0"))
    await supervisor.start()
    assert await supervisor.wait_running(10) == []
    (app,) = pids(await supervisor.states()).values()
    leader = await asyncio.to_thread(supervisord, runtime)
    os.kill(leader, signal.SIGKILL)
    with pytest.raises(SupervisorError, match="supervisord does not answer"):
        await supervisor.states()
    assert app in await asyncio.to_thread(session.members, leader)
    await supervisor.stop()
    assert await asyncio.to_thread(session.members, leader) == []
    assert os.listdir(runtime) == []


async def test_what_a_program_leaves_behind_is_ended(
    make: Make, program: WriteProgram, python: Python, runtime: Path, tmp_path: Path
) -> None:
    child = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {SLEEP!r}]); " + SLEEP
    supervisor = make(program(command=python(child)))
    await supervisor.start()
    await appears(tmp_path / "logs/app.log", "up")
    leader = await asyncio.to_thread(supervisord, runtime)
    assert len(await asyncio.to_thread(session.members, leader)) == 3
    await supervisor.stop()
    assert await asyncio.to_thread(session.members, leader) == []


async def test_a_program_that_ignores_its_stop_signal(
    make: Make, program: WriteProgram, python: Python, runtime: Path, tmp_path: Path
) -> None:
    supervisor = make(program(command=python(DEAF), stopwaitsecs="1"))
    await supervisor.start()
    await appears(tmp_path / "logs/app.log", "deaf")
    leader = await asyncio.to_thread(supervisord, runtime)
    await supervisor.stop()
    assert await asyncio.to_thread(session.members, leader) == []


async def test_a_cancelled_stop_kills_at_once(
    make: Make, program: WriteProgram, python: Python, runtime: Path, tmp_path: Path
) -> None:
    supervisor = make(program(command=python(DEAF), stopwaitsecs="600"))
    await supervisor.start()
    await appears(tmp_path / "logs/app.log", "deaf")
    leader = await asyncio.to_thread(supervisord, runtime)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await supervisor.stop()
    assert await asyncio.to_thread(session.members, leader) == []
    assert os.listdir(runtime) == []


async def test_a_cancelled_start_leaves_nothing(
    make: Make, program: WriteProgram, python: Python, runtime: Path
) -> None:
    supervisor = make(program(command=python(SLEEP)))
    for _ in range(3):
        task = asyncio.ensure_future(supervisor.start())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert os.listdir(runtime) == []


async def test_refused_before_anything_is_started(
    make: Make, program: WriteProgram, python: Python, runtime: Path, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="program `two`: command `no-such-command` not found"):
        make(program("one", command=python(SLEEP)), program("two", command="no-such-command"))
    assert os.listdir(runtime) == []
    assert not (tmp_path / "logs").exists()


async def test_a_name_twice(make: Make, program: WriteProgram, python: Python, tmp_path: Path) -> None:
    twice = program("one", command=python(SLEEP))
    with pytest.raises(ConfigError) as caught:
        make(twice, twice)
    assert str(caught.value) == f"program `one` is already defined in {tmp_path}/app.toml:1 in {tmp_path}/app.toml:1"


async def test_supervisord_that_does_not_come_up(
    make: Make, program: WriteProgram, python: Python, runtime: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pyproxy.programs.plan.configuration", lambda *args: "[supervisord]\nminfds=none\n")
    with pytest.raises(SupervisorError, match=r"supervisord, process \d+, exited with code 2 at its start"):
        await make(program(command=python(SLEEP))).start()
    assert os.listdir(runtime) == []


async def test_a_socket_path_that_is_too_long(
    program: WriteProgram, plan: MakePlan, python: Python, tmp_path: Path
) -> None:
    supervisor = Supervisor(plan(program(command=python(SLEEP))), parent=tmp_path / ("long" * 30))
    with pytest.raises(SupervisorError, match="set TMPDIR to a shorter one"):
        await supervisor.start()


async def test_no_programs(make: Make, runtime: Path) -> None:
    supervisor = make()
    assert await supervisor.start() == []
    assert await supervisor.wait_running(1) == []
    await supervisor.stop()
    assert os.listdir(runtime) == []
