"""The programs of a site. Apart from the process that serves it, because Supervisor takes a while to import."""

from __future__ import annotations

import asyncio
import contextlib

from pyproxy.core.log import ALERT, ERROR, NOTICE
from pyproxy.core.site import Site
from pyproxy.process.banner import Banner
from pyproxy.process.loop import Tell
from pyproxy.programs.group import Group
from pyproxy.programs.program import Program, ProgramState
from pyproxy.programs.supervisor import Supervisor, SupervisorError

START = 10.0
"""Seconds that the first requests wait for the programs to run."""
WATCH = 1.0
"""Seconds between two looks at what they do."""


def supervisor_of(site: Site) -> Supervisor:
    """What runs the programs of a site. Raises ConfigError if one of them could not be run."""
    programs = [Program.from_directive(each) for each in site.programs if each.name == "program"]
    groups = [Group.from_directive(each) for each in site.programs if each.name == "group"]
    supervisor = Supervisor(programs, groups=groups, prefix=site.prefix_path)
    supervisor.check()
    return supervisor


class Programs:
    """They run from the start of the process that is started to its end."""

    def __init__(self, site: Site) -> None:
        """Raises ConfigError if one of them could not be run."""
        self._supervisor = supervisor_of(site)
        self._watching: asyncio.Future[None] | None = None
        self._ending = asyncio.Event()
        self.missing: list[str] = []
        """Those that did not run when the others did."""

    async def start(self, banner: Banner, tell: Tell) -> None:
        """Wait until they run; say which, and tell of those that do not."""
        try:
            banner.programs(await self._supervisor.start())
            for state in await self._supervisor.wait_running(START):
                self.missing.append(state.name)
                tell(ERROR, str(state))
        except (SupervisorError, OSError) as error:
            tell(ERROR, f"the programs do not run: {error}")
        else:
            self._watching = asyncio.ensure_future(self._watch(tell))

    async def _watch(self, tell: Tell) -> None:
        """Tell when one of them ends, or runs again."""
        known: dict[str, ProgramState] = {}
        while True:
            try:
                states = await self._supervisor.states()
            except SupervisorError as error:
                if self._ending.is_set():
                    return
                tell(ALERT, f"{error}; the programs are not watched any longer, start pyproxy anew")
                return
            for state in states:
                before, known[state.name] = known.get(state.name), state
                if before is None or (before.statename, before.pid) == (state.statename, state.pid):
                    continue
                if state.statename == "RUNNING":
                    tell(NOTICE, f"program `{state.name}` runs again, as process {state.pid}")
                elif state.statename in ("BACKOFF", "EXITED", "FATAL") or before.statename == "RUNNING":
                    tell(ERROR, str(state))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), WATCH)
                return

    async def stop(self) -> None:
        """End them; kill them if this is cancelled."""
        # the watch ends by itself: in the middle of a call, supervisord would complain of that on the terminal
        self._ending.set()
        await self._supervisor.stop()
