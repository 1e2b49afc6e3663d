"""The programs of a site. Apart from the process that serves it, because Supervisor takes a while to import."""

from __future__ import annotations

from pyproxy.core.log import ERROR
from pyproxy.core.site import Site
from pyproxy.process.banner import Banner
from pyproxy.process.loop import Tell
from pyproxy.programs.group import Group
from pyproxy.programs.program import Program
from pyproxy.programs.supervisor import Supervisor, SupervisorError

START = 10.0
"""Seconds that the first requests wait for the programs to run."""


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

    async def start(self, banner: Banner, tell: Tell) -> None:
        """Wait until they run; say which, and tell of those that do not."""
        try:
            banner.programs(await self._supervisor.start())
            for state in await self._supervisor.wait_running(START):
                tell(ERROR, str(state))
        except (SupervisorError, OSError) as error:
            tell(ERROR, f"the programs do not run: {error}")

    async def stop(self) -> None:
        """End them; kill them if this is cancelled."""
        await self._supervisor.stop()
