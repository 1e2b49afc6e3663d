"""One supervisord: its process, its runtime folder, and calls to it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pyproxy.programs import rpc, session
from pyproxy.programs.folder import CONFIGURATION, Folder
from pyproxy.programs.plan import Plan
from pyproxy.programs.supervisord import main

POLL = 0.05
"""Seconds between two looks at something that does not announce itself."""
START_TIMEOUT = 30.0
"""Seconds that supervisord has to answer its first call."""
ANSWER_TIMEOUT = 10.0
"""Seconds that supervisord has to answer any other call, besides what it waits for programs."""


class SupervisorError(Exception):
    """supervisord could not be started, or is gone."""


class Daemon:
    """A supervisord that runs, from the moment it was started or found."""

    def __init__(self, folder: Folder, pid: int, child: subprocess.Popen[bytes] | None) -> None:
        """`child`: the process if it is a child of this one."""
        self.folder = folder
        self.pid = pid
        self._child = child

    @classmethod
    def launch(cls, plan: Plan, parent: Path | None, link: Path | None, detached: bool) -> Daemon:
        """Starts one, which starts the programs. `detached`: it may outlive this process. Raises SupervisorError."""
        try:
            folder = Folder.create(parent, link)
        except (OSError, ValueError) as error:
            raise SupervisorError(str(error)) from error
        arguments = [main.__file__, str(folder.path), str(link), "detached" if detached else "owned"]
        owner = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC) if detached else folder.own()
        # what outlives this process must not keep its terminal or pipe
        output = subprocess.DEVNULL if detached else None
        try:
            write(plan, folder)
            child = subprocess.Popen(
                # -P: a supervisor.py in the current folder is not the one that is meant
                [sys.executable, "-P", "-X", "utf8", *arguments, "-n", "-c", str(folder.path / CONFIGURATION)],
                cwd=plan.prefix,
                env={**os.environ, "PATH": plan.path},
                stdin=owner,
                stdout=output,
                stderr=output,
                # Ctrl-C in a terminal reaches the owner only, which then decides
                start_new_session=True,
            )
        except BaseException:
            folder.remove()
            raise
        finally:
            os.close(owner)
        with contextlib.suppress(OSError):  # then `pyproxy status` finds nothing
            folder.publish()
        return cls(folder, child.pid, child)

    @classmethod
    async def find(cls, link: Path, plan: Plan, detached: bool) -> Daemon | None:
        """The one that an earlier process has left running, if there is one.

        Waits for one that is ending. What one has left behind that was killed is ended: `plan` tells how long that may
        take. If this one is not to be `detached`, it ends with this process from now on.
        """
        folder = await asyncio.to_thread(Folder.find, link)
        if folder is None:
            return None
        deadline = time.monotonic() + START_TIMEOUT
        while True:
            try:
                async with asyncio.timeout(ANSWER_TIMEOUT):
                    pid = int(await rpc.call(folder.socket, "supervisor.getPID"))
                    await asyncio.to_thread(_use, folder, detached)
                return cls(folder, pid, None)
            except (OSError, xmlrpc.client.Fault):
                # no answer while another pyproxy is starting or ending it
                if time.monotonic() >= deadline or not await asyncio.to_thread(folder.is_used):
                    break
            await asyncio.sleep(POLL)
        leader = await asyncio.to_thread(lambda: folder.pid)
        await until(lambda: not session.lives(leader) or not folder.path.exists(), plan.longest_stop + 5)
        await _end_all(lambda: session.started_by(f"unix://{folder.socket}"), plan)
        await asyncio.to_thread(folder.remove)
        return None

    async def call(self, method: str, *params: Any, seconds: float = ANSWER_TIMEOUT) -> Any:
        """The result of a method of its interface. Raises SupervisorError."""
        try:
            async with asyncio.timeout(seconds):
                return await rpc.call(self.folder.socket, method, *params)
        except xmlrpc.client.Fault as error:
            raise SupervisorError(f"supervisord refuses {method}: {error.faultString}") from error
        except OSError as error:  # TimeoutError is an OSError
            raise SupervisorError(f"supervisord does not answer: {error!r}") from error

    def how_ended(self) -> str:
        """How it has ended, in words; "" while it lives."""
        if not self._is_gone():
            return ""
        status = None if self._child is None else self._child.returncode
        if status is None:
            return f"supervisord, process {self.pid}, has ended"
        how = f"exited on signal {-status}" if status < 0 else f"exited with code {status}"
        return f"supervisord, process {self.pid}, {how}"

    async def end(self, plan: Plan) -> None:
        """Ends it and its programs, with what time `plan` gives them."""
        try:
            # quicker than SIGTERM, which supervisord sees when its poll returns
            await self.call("supervisor.shutdown")
        except SupervisorError:
            if not await asyncio.to_thread(self._is_gone):
                os.kill(self.pid, signal.SIGTERM)
        # one program is stopped after the other
        await until(self._is_gone, plan.longest_stop + 5)
        await _end_all(lambda: session.members(self.pid), plan)

    def clear(self) -> None:
        """Kills what is left of it, and removes its folder."""
        deadline = time.monotonic() + 2
        while (left := session.members(self.pid)) and time.monotonic() < deadline:
            session.kill(left, signal.SIGKILL)
            time.sleep(POLL)
        if self._child is not None:
            self._child.kill()
            self._child.wait()
        self.folder.remove()

    def leave(self) -> None:
        """Lets it run on."""
        if self._child is not None:
            self._child.returncode = 0  # it is not ours to wait for any longer
        self.folder.leave()

    def _is_gone(self) -> bool:
        return not session.lives(self.pid) if self._child is None else self._child.poll() is not None


def write(plan: Plan, folder: Folder) -> None:
    """Puts the configuration there which supervisord reads. Raises OSError."""
    if any(file.parent == plan.logs for file in plan.logfiles):
        plan.logs.mkdir(parents=True, exist_ok=True)
    (folder.path / CONFIGURATION).write_text(plan.text(folder.path), encoding="utf-8")


async def until(condition: Callable[[], bool], seconds: float) -> None:
    """Waits until the condition holds, at most so many seconds. It is asked in a thread."""
    deadline = time.monotonic() + seconds
    while True:
        if await asyncio.to_thread(condition) or time.monotonic() >= deadline:
            return
        await asyncio.sleep(POLL)


def _use(folder: Folder, detached: bool) -> None:
    # what a detached pyproxy uses as well must not end with this one
    stays = detached or (folder.is_used() and not folder.is_owned())
    folder.use()
    if not stays:
        os.close(folder.own())


async def _end_all(pids: Callable[[], list[int]], plan: Plan) -> None:
    """Ends these processes: asks them first, and kills those that take longer than any program may."""
    if left := await asyncio.to_thread(pids):
        await asyncio.to_thread(session.kill, left, signal.SIGTERM)
        waits = [process.stopwaitsecs for process in plan.processes.values()]
        await until(lambda: not pids(), max(waits, default=0))
        await asyncio.to_thread(lambda: session.kill(pids(), signal.SIGKILL))
