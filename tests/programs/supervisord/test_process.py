"""Readiness and order, as the real supervisord shows them with real programs."""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pyproxy.config.tree import Source
from pyproxy.programs.group import Group
from pyproxy.programs.program import Program, ProgramState
from pyproxy.programs.supervisor import Supervisor

WriteProgram = Callable[..., Program]
Make = Callable[..., Supervisor]

# listens when the file "go" is there, answers every connection, and says when it starts and ends
SERVER = """
import os, signal, socket, sys, time
name, port, status = sys.argv[1], int(sys.argv[2]), sys.argv[3]
def say(what):
    with open("order", "a") as file:
        file.write(what + " " + name + "\\n")
def end(*_):
    time.sleep(float(sys.argv[4]))
    say("end")
    sys.exit()
signal.signal(signal.SIGTERM, end)
say("start")
while not os.path.exists("go-" + name):
    time.sleep(0.01)
with socket.create_server(("127.0.0.1", port)) as server:
    say("ready")
    while True:
        client, _ = server.accept()
        with client:
            client.recv(1000)
            client.sendall(("HTTP/1.1 " + status + " x\\r\\n\\r\\n").encode())
"""


class Stage:
    """Programs that listen when they are told to."""

    def __init__(self, folder: Path, program: WriteProgram) -> None:
        self.folder = folder
        self._program = program
        with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
            self.ports = {"db": one.getsockname()[1], "web": two.getsockname()[1]}

    def program(
        self, name: str, *, ready: str = "http://127.0.0.1:{}/", status: str = "200", **options: str
    ) -> Program:
        command = shlex.join([sys.executable, "-c", SERVER, name, str(self.ports[name]), status, "0.3"])
        ready = ready.format(self.ports[name])
        written = {"command": command.replace("%", "%%"), "directory": str(self.folder), "ready": ready, **options}
        return self._program(name, **written)

    async def go(self, name: str) -> None:
        await asyncio.to_thread((self.folder / f"go-{name}").touch)

    async def order(self) -> list[str]:
        file = self.folder / "order"
        return await asyncio.to_thread(lambda: file.read_text().splitlines() if file.exists() else [])


@pytest.fixture
def stage(tmp_path: Path, program: WriteProgram) -> Stage:
    return Stage(tmp_path, program)


async def reach(supervisor: Supervisor, name: str, statename: str, not_pid: int = -1) -> ProgramState:
    """Waits until a program is in this state, in another process than this."""
    deadline = time.monotonic() + 15
    while True:
        state = next(state for state in await supervisor.states() if state.name == name)
        if state.statename == statename and state.pid != not_pid:
            return state
        assert time.monotonic() < deadline, state
        await asyncio.sleep(0.02)


async def said(stage: Stage, line: str) -> None:
    deadline = time.monotonic() + 15
    while line not in await stage.order():
        assert time.monotonic() < deadline, await stage.order()
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("ready", ["http://127.0.0.1:{}/", "tcp://127.0.0.1:{}"])
async def test_running_is_ready(make: Make, stage: Stage, ready: str) -> None:
    supervisor = make(stage.program("web", ready=ready, startsecs="0"))
    await supervisor.start()
    await said(stage, "start web")
    state = await reach(supervisor, "web", "STARTING")
    assert state.description == f"waiting for {ready.format(stage.ports['web'])}"
    assert state.pid
    await stage.go("web")
    assert await supervisor.wait_running(15) == []
    assert await stage.order() == ["start web", "ready web"]


async def test_not_ready_in_time(make: Make, stage: Stage) -> None:
    supervisor = make(stage.program("web", ready_timeout="1", startretries="0"))
    await supervisor.start()
    (failed,) = await supervisor.wait_running(20)
    url = f"http://127.0.0.1:{stage.ports['web']}/"
    assert (failed.statename, failed.description) == ("FATAL", f"not ready within 1 s: {url}: connection refused")
    assert failed.pid == 0
    assert await stage.order() == ["start web", "end web"]


async def test_an_answer_that_is_an_error(make: Make, stage: Stage) -> None:
    await stage.go("web")
    supervisor = make(stage.program("web", status="503", ready_timeout="1", startretries="1"))
    await supervisor.start()
    state = await reach(supervisor, "web", "BACKOFF")
    assert state.description.endswith("the answer is 503 x")
    await reach(supervisor, "web", "FATAL")
    assert (await stage.order()).count("start web") == 2  # startretries


async def test_one_that_ends_before_it_is_ready(make: Make, program: WriteProgram) -> None:
    ends = program(
        "web", command="sh -c 'sleep 0.2; echo no luck'", startsecs="0", ready="unix:/no/such", startretries="0"
    )
    supervisor = make(ends)
    await supervisor.start()
    (failed,) = await supervisor.wait_running(20)
    assert (failed.statename, failed.last_lines) == ("FATAL", ("no luck",))
    assert failed.description.startswith("Exited too quickly")


async def test_one_that_ends_after_it_was_ready_starts_again(make: Make, stage: Stage) -> None:
    await stage.go("web")
    supervisor = make(stage.program("web", startsecs="1000"))
    await supervisor.start()
    assert await supervisor.wait_running(15) == []
    state = await reach(supervisor, "web", "RUNNING")
    os.kill(state.pid, signal.SIGKILL)
    await reach(supervisor, "web", "RUNNING", not_pid=state.pid)


async def test_a_port_that_another_process_has(make: Make, stage: Stage) -> None:
    with socket.create_server(("127.0.0.1", stage.ports["web"])):
        supervisor = make(stage.program("web", startretries="0"))
        await supervisor.start()
        (failed,) = await supervisor.wait_running(20)
    assert failed.statename == "FATAL"
    url = f"http://127.0.0.1:{stage.ports['web']}/"
    assert failed.description.startswith(f"{url} is taken already, by process {os.getpid()} (")
    assert await stage.order() == []


async def test_what_is_left_of_the_last_run_is_waited_for(make: Make, program: WriteProgram, stage: Stage) -> None:
    port, go = stage.ports["web"], str(stage.folder / "go-")
    worker = f"import os, socket, time; s = socket.create_server(('127.0.0.1', {port}))\n"
    worker += f"end = {go!r} + str(os.getppid())\n"
    worker += "while not os.path.exists(end): time.sleep(0.01)"
    master = f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {worker!r}]); time.sleep(1000)"
    written = program("web", command=shlex.join([sys.executable, "-c", master]), ready=f"tcp://127.0.0.1:{port}")
    supervisor = make(written)
    await supervisor.start()
    assert await supervisor.wait_running(15) == []
    (state,) = await supervisor.states()
    os.kill(state.pid, signal.SIGKILL)
    waiting = await reach(supervisor, "web", "STARTING")
    assert waiting.description == f"waiting for the end of its last run, process group {state.pid}"
    await stage.go(str(state.pid))
    await reach(supervisor, "web", "RUNNING", not_pid=state.pid)


async def test_order(make: Make, stage: Stage) -> None:
    supervisor = make(stage.program("web", depends_on="db", priority="1"), stage.program("db"))
    await stage.go("web")
    await supervisor.start()
    await said(stage, "start db")
    state = await reach(supervisor, "web", "STARTING")
    assert (state.description, state.pid) == ("waiting for db", 0)
    assert await stage.order() == ["start db"]
    await stage.go("db")
    assert await supervisor.wait_running(15) == []
    await supervisor.stop()
    assert await stage.order() == ["start db", "ready db", "start web", "ready web", "end web", "end db"]


async def test_order_in_a_group(make: Make, stage: Stage) -> None:
    await stage.go("web")
    await stage.go("db")
    programs = [stage.program("web", depends_on="db"), stage.program("db")]
    supervisor = make(*programs, groups=[Group("site", ("web", "db"), Source("x", 1))])
    await supervisor.start()
    assert await supervisor.wait_running(15) == []
    await supervisor.stop()
    assert await stage.order() == ["start db", "ready db", "start web", "ready web", "end web", "end db"]


async def test_a_dependency_that_fails(make: Make, stage: Stage, program: WriteProgram) -> None:
    fails = program("db", command="false", startretries="0")
    supervisor = make(stage.program("web", depends_on="db"), fails)
    await supervisor.start()
    states = {state.name: state for state in await supervisor.wait_running(20)}
    assert states["db"].statename == states["web"].statename == "FATAL"
    assert states["web"].description == "`db`, which it depends on, is FATAL"
    assert await stage.order() == []


async def test_one_that_does_not_start_by_itself_is_started_for_another(make: Make, stage: Stage) -> None:
    await stage.go("web")
    await stage.go("db")
    supervisor = make(stage.program("web", depends_on="db"), stage.program("db", autostart="false"))
    await supervisor.start()
    assert await supervisor.wait_running(15) == []
    assert [state.statename for state in await supervisor.states()] == ["RUNNING", "RUNNING"]


async def test_what_has_done_its_work_is_no_obstacle(make: Make, stage: Stage, program: WriteProgram) -> None:
    await stage.go("web")
    once = program("db", command="true", startsecs="0", autorestart="false")
    supervisor = make(stage.program("web", depends_on="db"), once)
    await supervisor.start()
    assert await supervisor.wait_running(15) == []


async def test_the_crash_of_a_dependency_leaves_the_others(make: Make, stage: Stage) -> None:
    await stage.go("web")
    await stage.go("db")
    supervisor = make(stage.program("web", depends_on="db"), stage.program("db"))
    await supervisor.start()
    assert await supervisor.wait_running(15) == []
    before = {state.name: state.pid for state in await supervisor.states()}
    os.kill(before["db"], signal.SIGKILL)
    await reach(supervisor, "db", "RUNNING", not_pid=before["db"])
    assert (await reach(supervisor, "web", "RUNNING")).pid == before["web"]


async def test_a_stop_while_it_waits(make: Make, stage: Stage) -> None:
    supervisor = make(stage.program("web", depends_on="db"), stage.program("db"))
    await supervisor.start()
    await reach(supervisor, "web", "STARTING")
    began = time.monotonic()
    await supervisor.stop()
    assert time.monotonic() - began < 10
    assert "start web" not in await stage.order()
