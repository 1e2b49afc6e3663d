"""The programs of a site. Apart from the process that serves it, because Supervisor takes a while to import."""

from __future__ import annotations

import asyncio
import contextlib

from pyproxy.core.logs.log import ALERT, ERROR, NOTICE, WARN
from pyproxy.core.site import Site
from pyproxy.process.banner import Banner
from pyproxy.process.loop import Tell
from pyproxy.programs.daemon import SupervisorError
from pyproxy.programs.folder import link_of
from pyproxy.programs.plan import Plan
from pyproxy.programs.program import ProgramState
from pyproxy.programs.supervisor import Supervisor

START = 10.0
"""Seconds that the first requests wait for the programs to run."""
WATCH = 1.0
"""Seconds between two looks at what they do."""
STEADY = 5.0
"""Seconds of life after which the death of supervisord is an accident, and it is started again at once."""
LONGEST_WAIT = 8.0
"""Seconds until the next attempt, at most; the wait doubles."""


def plan_of(site: Site) -> Plan:
    """The programs of a site. Raises ConfigError if one of them could not be run."""
    return Plan.from_directives(site.programs, site.prefix_path)


class Programs:
    """They run from the start of the process that is started to its end, or longer if they are detached."""

    def __init__(self, pid_file: str, tell: Tell, detached: bool) -> None:
        self._supervisor = Supervisor(Plan(()), link=link_of(pid_file), detached=detached)
        self._plan = self._supervisor.plan
        """What runs when no change is under way."""
        self._tell = tell
        self._watching: asyncio.Task[None] | None = None
        self._changing = asyncio.Lock()
        """Held while states are on their way: nobody is told of what is meant to happen."""
        self._known: dict[str, ProgramState] = {}
        self._ending = asyncio.Event()
        self._is_reviving = False
        self._began = 0.0
        """When supervisord was started."""
        self._wait = 0.0
        """Seconds until it is started again."""
        self.missing: list[str] = []
        """Those that did not run when the others did."""

    async def start(self, plan: Plan, banner: Banner) -> None:
        """Start them and wait until they run; say which, and tell of those that do not."""
        self._plan = plan
        try:
            await self._supervisor.update(plan)
            states = await self._supervisor.states()
            banner.programs(states, "goes on" if self._supervisor.is_adopted else "starts")
            await self._wait_running()
        except (SupervisorError, OSError) as error:
            self._tell(ERROR, f"the programs do not run: {error}")
        self._begin_watch()

    def _begin_watch(self) -> None:
        self._began = asyncio.get_running_loop().time()
        self._watching = asyncio.ensure_future(self._watch())

    async def _wait_running(self, groups: list[str] | None = None) -> None:
        self.missing = []
        for state in await self._supervisor.wait_running(START, groups):
            self.missing.append(state.name)
            if state.statename == "STARTING":  # it takes its time, which is no failure yet
                self._tell(WARN, f"program `{state.name}` does not run yet: {state.description or 'it is starting'}")
            else:
                self._tell(ERROR, str(state))
        self._known = {state.name: state for state in await self._supervisor.states()}

    async def begin(self, plan: Plan) -> None:
        """Start those of this plan that are new, and wait until they run; then comes ``finish``, or ``give_up``."""
        if self._watching is None:
            self._begin_watch()
        await self._update(plan, only_new=True)

    async def finish(self) -> None:
        """Stop those that the plan lacks, and start anew those that have changed."""
        self._plan = self._supervisor.plan
        await self._update(self._plan, only_new=False)

    async def give_up(self) -> None:
        """Let those run that ran before ``begin``."""
        if self._supervisor.plan is not self._plan:
            await self._update(self._plan, only_new=False)

    def move(self, pid_file: str) -> None:
        """Be found by another pid file."""
        self._supervisor.move(link_of(pid_file))

    async def _update(self, plan: Plan, only_new: bool) -> None:
        async with self._changing:
            before, started = self._known, list[str]()
            try:
                started = await self._supervisor.update(plan, only_new=only_new)
                await self._wait_running(started)
            except (SupervisorError, OSError) as error:
                self._tell(ERROR, f"the programs have changed, but do not run: {error}")
        after = self._known
        for name in [*after, *(before.keys() - after.keys())]:
            if name not in after:
                self._tell(NOTICE, f"program `{name}` has been stopped, the configuration has it no longer")
            elif name not in before:
                self._tell(NOTICE, f"program `{name}` is new, and has been started")
            elif after[name].group in started:
                self._tell(NOTICE, f"program `{name}` has been started anew, its configuration has changed")

    async def _watch(self) -> None:
        """Tell when one of them ends, and when it runs; start supervisord again if it has died."""
        while True:
            async with self._changing:
                try:
                    await self._look()
                except SupervisorError as error:
                    if self._ending.is_set():
                        return
                    if died := await self._supervisor.died():
                        await self._revive(died)
                    elif self._known:
                        self._tell(ALERT, f"{error}; the programs are not watched until it does")
                        self._known = {}
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), WATCH)
                return

    async def _look(self) -> None:
        for state in await self._supervisor.states():
            before, self._known[state.name] = self._known.get(state.name), state
            if before is None or (before.statename, before.pid) == (state.statename, state.pid):
                continue
            if state.statename in ("STARTING", "RUNNING") and before.statename == "RUNNING":
                # by itself, or because somebody wanted that: Supervisor does not say
                self._tell(ERROR, f"program `{state.name}` is being started again: process {before.pid} has ended")
            if state.statename == "RUNNING":
                self._tell(NOTICE, f"program `{state.name}` runs as process {state.pid}")
            elif state.statename == "STOPPED":
                self._tell(NOTICE, f"program `{state.name}` has been stopped")
            elif state.statename in ("BACKOFF", "EXITED", "FATAL"):
                (state,) = await self._supervisor.with_last_lines([state])
                self._tell(ERROR, str(state))

    async def _revive(self, died: str) -> None:
        """Start supervisord again, after what its programs have left behind has ended: they must not run twice."""
        loop = asyncio.get_running_loop()
        if loop.time() - self._began >= STEADY:
            self._wait = 0.0
        self._is_reviving = True
        self._tell(ALERT, f"{died}; its programs are ended and started again")
        await self._supervisor.stop()
        while True:
            await asyncio.sleep(self._wait)
            self._wait = min(max(WATCH, self._wait * 2), LONGEST_WAIT)
            try:
                await self._supervisor.start()
                await self._wait_running()
                break
            except (SupervisorError, OSError) as error:
                self._tell(ALERT, f"the programs do not run, next attempt in {self._wait:g} s: {error}")
        self._began = loop.time()
        self._is_reviving = False
        self._tell(NOTICE, "the programs have been started again")

    async def stop(self) -> None:
        """End them; kill them if this is cancelled. Detached ones stay, and those that another pyproxy uses too."""
        # the watch ends by itself: in the middle of a call, supervisord would complain of that on the terminal
        self._ending.set()
        if self._watching is not None and self._is_reviving:
            self._watching.cancel()
            await asyncio.wait((self._watching,))
        if self._supervisor.plan.programs and self._supervisor.is_detached:
            self._tell(NOTICE, "the programs stay, as `--detach-programs` says")
            self._supervisor.leave()
        elif self._supervisor.is_shared():
            self._tell(NOTICE, "the programs stay, another pyproxy uses them")
            self._supervisor.leave()
        else:
            await self._supervisor.stop()
