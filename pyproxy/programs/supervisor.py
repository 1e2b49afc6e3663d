"""Runs the programs: the real Supervisor as a process of its own, which is told what to run and asked what it does."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Collection, Iterable
from dataclasses import replace
from pathlib import Path

from pyproxy.programs.daemon import ANSWER_TIMEOUT, POLL, START_TIMEOUT, Daemon, SupervisorError, write
from pyproxy.programs.folder import LOG
from pyproxy.programs.plan import Plan
from pyproxy.programs.program import ProgramState
from pyproxy.programs.tail import Tail


class Supervisor:
    """supervisord with the programs of a plan. It is bound to no event loop: each call may run in a loop of its own."""

    def __init__(
        self, plan: Plan, *, parent: Path | None = None, link: Path | None = None, detached: bool = False
    ) -> None:
        """`parent`: where the private runtime folder (socket, configuration, pid, supervisord's own log) is made and
        removed, by default the system's temporary folder. `link`: a symbolic link that leads there meanwhile, and by
        which the programs are found that run already. `detached`: they may outlive this process.
        """
        self.plan = plan
        self.is_adopted = False
        """Whether supervisord was found running."""
        self.is_detached = detached
        self._parent = parent
        self._link = link
        self._daemon: Daemon | None = None
        self._tail = Tail(())

    async def start(self) -> list[ProgramState]:
        """Starts supervisord, which starts the programs, and says where each logs. If it is running already it goes on,
        with the programs that are new or have changed.

        Raises SupervisorError if supervisord does not come up.
        """
        if not self.plan.programs:
            return []
        self._tail = await asyncio.to_thread(Tail, self.plan.logfiles)
        if self._link is not None:
            self._daemon = await Daemon.find(self._link, self.plan, self.is_detached)
        self.is_adopted = self._daemon is not None
        if self.is_adopted:
            await self.update(self.plan)
            return await self.states()
        launch = asyncio.ensure_future(
            asyncio.to_thread(Daemon.launch, self.plan, self._parent, self._link, self.is_detached)
        )
        try:
            self._daemon = await asyncio.shield(launch)
            return await self._first_states(self._daemon)
        except BaseException:
            await asyncio.wait([launch])
            if not launch.cancelled() and launch.exception() is None:
                self._daemon = launch.result()
            await self.stop()
            raise

    async def states(self) -> list[ProgramState]:
        """Every process of every program. Raises SupervisorError if supervisord is gone or does not answer."""
        if self._daemon is None and not self.plan.programs:
            return []
        return [
            ProgramState(
                name=info["name"] if info["name"] == info["group"] else f"{info['group']}:{info['name']}",
                statename=info["statename"],
                pid=info["pid"],
                description=info["spawnerr"] or info["description"],
                exitstatus=info["exitstatus"],
                stdout_logfile=self.plan.prefix / info["stdout_logfile"] if info["stdout_logfile"] else None,
                stderr_logfile=self.plan.prefix / info["stderr_logfile"] if info["stderr_logfile"] else None,
            )
            for info in await self._running().call("supervisor.getAllProcessInfo")
        ]

    async def wait_running(self, seconds: float, groups: Collection[str] | None = None) -> list[ProgramState]:
        """Waits until every program, or those of these groups, runs or has failed, at most so many seconds.

        The ones that are not running then, with their last lines. A program that ended with an expected exit code,
        and one with `autostart=false`, are not among them.
        """
        deadline = time.monotonic() + seconds
        while True:
            states = [state for state in await self.states() if groups is None or state.group in groups]
            missing = [state for state in states if not self._is_well(state)]
            failed = [state for state in missing if state.statename in ("FATAL", "EXITED", "UNKNOWN")]
            if len(failed) == len(missing) or time.monotonic() >= deadline:
                return await self.with_last_lines(missing)
            await asyncio.sleep(POLL)

    async def with_last_lines(self, states: Iterable[ProgramState]) -> list[ProgramState]:
        """The states with what the programs have logged last."""
        lines = self._tail.lines
        return await asyncio.to_thread(
            lambda: [
                replace(state, last_lines=lines(state.stderr_logfile) or lines(state.stdout_logfile))
                for state in states
            ]
        )

    async def update(self, plan: Plan, *, only_new: bool = False) -> list[str]:
        """Runs the programs of another plan: new ones start, those that it lacks stop, changed ones restart, and the
        others stay untouched. `only_new`: nothing is stopped yet.

        The groups that have been started; one for a program that is in none. Raises SupervisorError.
        """
        before, self.plan = self.plan, plan
        if self._daemon is None:
            await self.start()
            return plan.groups
        if plan.programs:
            await asyncio.to_thread(write, plan, self._daemon.folder)
            ((added, changed, removed),) = await self._daemon.call("supervisor.reloadConfig")
            if not only_new:
                await self._remove(self._daemon, {*changed, *removed}, before)
                added += changed
            started = [group for group in plan.groups if group in added]
            for group in started:
                await self._daemon.call("supervisor.addProcessGroup", group)
            return started
        if not only_new:
            self.plan = before  # it tells how long they may take
            await self.stop()
            self.plan = plan
        return []

    async def died(self) -> str:
        """How supervisord has ended, in words; "" while it lives."""
        return "" if self._daemon is None else await asyncio.to_thread(self._daemon.how_ended)

    def is_shared(self) -> bool:
        """Whether another pyproxy uses these programs too."""
        return self._daemon is not None and self._daemon.folder.is_shared()

    def move(self, link: Path) -> None:
        """Has another link lead to the runtime folder."""
        self._link = link
        if self._daemon is not None:
            folder = self._daemon.folder
            folder.unlink()
            folder.link = link
            with contextlib.suppress(OSError):
                folder.publish()

    async def stop(self) -> None:
        """Stops the programs and supervisord, waits for their end, and leaves no process and no file behind.

        If it is cancelled it kills what is left at once.
        """
        daemon, self._daemon = self._daemon, None
        if daemon is not None:
            try:
                await daemon.end(self.plan)
            finally:
                await asyncio.shield(asyncio.to_thread(daemon.clear))

    def leave(self) -> None:
        """Lets the programs run on."""
        daemon, self._daemon = self._daemon, None
        if daemon is not None:
            daemon.leave()

    def _running(self) -> Daemon:
        if self._daemon is None:
            raise SupervisorError("supervisord is not running")
        return self._daemon

    async def _first_states(self, daemon: Daemon) -> list[ProgramState]:
        deadline = time.monotonic() + START_TIMEOUT
        while True:
            with contextlib.suppress(SupervisorError):
                return await self.states()
            problem = await self.died()
            if problem or time.monotonic() >= deadline:
                lines = await asyncio.to_thread(Tail(()).lines, daemon.folder.path / LOG)
                what = problem or f"supervisord, process {daemon.pid}, does not answer"
                raise SupervisorError("\n    ".join([f"{what} at its start", *lines]))
            await asyncio.sleep(POLL)

    async def _remove(self, daemon: Daemon, groups: Iterable[str], plan: Plan) -> None:
        """Stops groups, what depends on others before those, and has supervisord forget them."""
        seconds = plan.longest_stop + ANSWER_TIMEOUT
        for group in sorted(groups, key=[*plan.groups, *groups].index, reverse=True):
            await daemon.call("supervisor.stopProcessGroup", group, seconds=seconds)
            deadline = time.monotonic() + seconds
            while True:
                try:
                    await daemon.call("supervisor.removeProcessGroup", group)
                    break
                except SupervisorError:  # one was being stopped before, and has not ended yet
                    if time.monotonic() >= deadline:
                        raise
                await asyncio.sleep(POLL)

    def _is_well(self, state: ProgramState) -> bool:
        process = self.plan.processes.get(state.name)
        return (
            process is None  # of an earlier plan
            or state.statename == "RUNNING"
            or (state.statename == "STOPPED" and not process.autostart)
            or (state.statename == "EXITED" and state.exitstatus in process.exitcodes)
        )
