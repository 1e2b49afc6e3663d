"""Runs the programs: the real Supervisor as a child process, asked over its XML-RPC interface."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import xmlrpc.client
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pyproxy.config.tree import ConfigError
from pyproxy.programs import child, rpc, session
from pyproxy.programs.check import Process, check
from pyproxy.programs.configuration import LOG, SOCKET, configuration
from pyproxy.programs.group import Group, group_of_each
from pyproxy.programs.program import Program, ProgramState
from pyproxy.programs.tail import Tail

POLL = 0.05
"""Seconds between two looks at something that does not announce itself."""
START_TIMEOUT = 30.0
"""Seconds that supervisord has to answer its first call."""
ANSWER_TIMEOUT = 10.0
"""Seconds that supervisord has to answer any other call."""
SOCKET_LENGTH = 103
"""Bytes in the path of a unix socket: macOS's limit; Linux has 107."""


class SupervisorError(Exception):
    """supervisord could not be started, or is gone."""


class Supervisor:
    """supervisord with these programs. It is bound to no event loop: each call may run in a loop of its own."""

    def __init__(
        self,
        programs: Sequence[Program],
        folder: Path | None = None,
        *,
        groups: Sequence[Group] = (),
        prefix: Path | None = None,
        logs: Path | None = None,
    ) -> None:
        """`folder`: where the private runtime folder (socket, configuration, pid, supervisord's own log) is made and
        removed, by default the system's temporary folder. `prefix`: what relative paths count from, by default the
        current folder. `logs`: the folder of the log files that no option names, by default logs/ in the prefix.
        """
        self.programs = tuple(programs)
        self.groups = tuple(groups)
        self.prefix = prefix or Path()
        self.logs = logs or self.prefix / "logs"
        # what was installed beside this Python is found even if its environment is not activated
        self._path = os.pathsep.join([os.path.dirname(sys.executable), os.environ.get("PATH", os.defpath)])
        self._parent = folder
        self._folder: Path | None = None
        self._child: subprocess.Popen[bytes] | None = None
        self._processes: dict[str, Process] = {}
        self._tail = Tail(())

    def check(self) -> None:
        """Raises ConfigError for the first program that could not be started. Starts and writes nothing."""
        self.prefix, self.logs = self.prefix.absolute(), self.logs.absolute()
        earlier: dict[str, Program] = {}
        for program in self.programs:
            if program.name in earlier:
                first = earlier[program.name].source
                raise ConfigError(f"program `{program.name}` is already defined in {first}", program.source)
            earlier[program.name] = program
        group_of = group_of_each(self.programs, self.groups)
        processes: list[Process] = []
        for program in self.programs:
            processes += check(program, group_of[program.name], self.prefix, self.logs, self._path)
        self._processes = {process.name: process for process in processes}

    async def start(self) -> list[ProgramState]:
        """Starts supervisord, which starts the programs, and says where each logs.

        Raises ConfigError as `check` does, and SupervisorError if supervisord does not come up.
        """
        if not self.programs:
            return []
        launch = asyncio.ensure_future(asyncio.to_thread(self._launch))
        try:
            await asyncio.shield(launch)
            return await self._first_states()
        except BaseException:
            await asyncio.wait([launch])
            await self.stop()
            raise

    async def states(self) -> list[ProgramState]:
        """Every process of every program. Raises SupervisorError if supervisord is gone or does not answer."""
        if not self.programs:
            return []
        return [
            ProgramState(
                name=info["name"] if info["name"] == info["group"] else f"{info['group']}:{info['name']}",
                statename=info["statename"],
                pid=info["pid"],
                description=info["spawnerr"] or info["description"],
                exitstatus=info["exitstatus"],
                stdout_logfile=self.prefix / info["stdout_logfile"] if info["stdout_logfile"] else None,
                stderr_logfile=self.prefix / info["stderr_logfile"] if info["stderr_logfile"] else None,
            )
            for info in await self._call("supervisor.getAllProcessInfo")
        ]

    async def wait_running(self, seconds: float) -> list[ProgramState]:
        """Waits until every program has run for its `startsecs` or has failed, at most so many seconds.

        The ones that are not running then, with their last lines. A program that ended with an expected exit code,
        and one with `autostart=false`, are not among them.
        """
        deadline = time.monotonic() + seconds
        while True:
            missing = [state for state in await self.states() if not self._is_well(state)]
            failed = [state for state in missing if state.statename in ("FATAL", "EXITED", "UNKNOWN")]
            if len(failed) == len(missing) or time.monotonic() >= deadline:
                return await asyncio.to_thread(self._with_last_lines, missing)
            await asyncio.sleep(POLL)

    async def stop(self) -> None:
        """Stops the programs and supervisord, waits for their end, and leaves no process and no file behind.

        If it is cancelled it kills what is left at once.
        """
        try:
            if self._child is not None:
                await self._end(self._child)
        finally:
            await asyncio.shield(asyncio.to_thread(self._clear))

    def _launch(self) -> None:
        self.check()
        if self._parent is not None:
            self._parent.mkdir(parents=True, exist_ok=True)
        # of mode 0700: `environment` may hold secrets
        self._folder = Path(tempfile.mkdtemp(prefix="pyproxy-", dir=self._parent)).absolute()
        socket = self._folder / SOCKET
        # supervisord binds the socket under its name and pid first
        if len(os.fsencode(socket)) + len(".4194304") > SOCKET_LENGTH:
            raise SupervisorError(f"the path of a socket cannot be this long: {socket}; set TMPDIR to a shorter one")
        logfiles = [file for process in self._processes.values() for file in process.logfiles]
        if any(file.parent == self.logs for file in logfiles):
            self.logs.mkdir(parents=True, exist_ok=True)
        self._tail = Tail(logfiles)
        written = self._folder / "supervisord.conf"
        text = configuration(self.programs, self.groups, self._folder, self.prefix, self.logs)
        written.write_text(text, encoding="utf-8")
        self._child = subprocess.Popen(
            # -P: a supervisor.py in the current folder is not the one that is meant
            [sys.executable, "-P", "-X", "utf8", child.__file__, str(self._folder), "-n", "-c", str(written)],
            cwd=self.prefix,
            env={**os.environ, "PATH": self._path},
            stdin=subprocess.PIPE,
            # Ctrl-C in a terminal reaches the owner only, which then decides
            start_new_session=True,
        )

    async def _first_states(self) -> list[ProgramState]:
        assert self._child is not None
        assert self._folder is not None
        deadline = time.monotonic() + START_TIMEOUT
        while True:
            with contextlib.suppress(SupervisorError):
                return await self.states()
            status = self._child.poll()
            if status is not None or time.monotonic() >= deadline:
                what = "does not answer" if status is None else f"ended with status {status}"
                lines = await asyncio.to_thread(Tail(()).lines, self._folder / LOG)
                raise SupervisorError("\n    ".join([f"supervisord {what} at its start", *lines]))
            await asyncio.sleep(POLL)

    async def _end(self, child: subprocess.Popen[bytes]) -> None:
        waits = [process.stopwaitsecs for process in self._processes.values()]
        try:
            # quicker than SIGTERM, which supervisord sees when its poll returns
            await self._call("supervisor.shutdown")
        except SupervisorError:
            if child.poll() is None:
                child.terminate()
        # one program is stopped after the other
        await _until(lambda: child.poll() is not None, sum(waits) + 5)
        if await asyncio.to_thread(session.members, child.pid):
            await asyncio.to_thread(session.kill, child.pid, signal.SIGTERM)
            await _until(lambda: not session.members(child.pid), max(waits))

    def _clear(self) -> None:
        child, self._child = self._child, None
        folder, self._folder = self._folder, None
        if child is not None:
            deadline = time.monotonic() + 2
            while session.members(child.pid) and time.monotonic() < deadline:
                session.kill(child.pid, signal.SIGKILL)
                time.sleep(POLL)
            with child:  # waits, and closes the pipe
                child.kill()
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)

    async def _call(self, method: str) -> Any:
        if self._folder is None:
            raise SupervisorError("supervisord is not running")
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT):
                return await rpc.call(self._folder / SOCKET, method)
        except (OSError, xmlrpc.client.Fault) as error:  # TimeoutError is an OSError
            raise SupervisorError(f"supervisord does not answer: {error!r}") from error

    def _is_well(self, state: ProgramState) -> bool:
        process = self._processes[state.name]
        return (
            state.statename == "RUNNING"
            or (state.statename == "STOPPED" and not process.autostart)
            or (state.statename == "EXITED" and state.exitstatus in process.exitcodes)
        )

    def _with_last_lines(self, states: list[ProgramState]) -> list[ProgramState]:
        lines = self._tail.lines
        return [
            replace(state, last_lines=lines(state.stderr_logfile) or lines(state.stdout_logfile)) for state in states
        ]


async def _until(condition: Callable[[], bool], seconds: float) -> None:
    """Waits until the condition holds, at most so many seconds."""
    deadline = time.monotonic() + seconds
    while True:
        if await asyncio.to_thread(condition) or time.monotonic() >= deadline:
            return
        await asyncio.sleep(POLL)
