"""The programs of a site. Apart from the process that serves it, so that ``-t`` is quick."""

from __future__ import annotations

from pyproxy.core.site import Site
from pyproxy.programs.group import Group
from pyproxy.programs.program import Program
from pyproxy.programs.supervisor import Supervisor


def supervisor_of(site: Site) -> Supervisor:
    """What runs the programs of a site. Raises ConfigError if one of them could not be run."""
    programs = [Program.from_directive(each) for each in site.programs if each.name == "program"]
    groups = [Group.from_directive(each) for each in site.programs if each.name == "group"]
    supervisor = Supervisor(programs, groups=groups, prefix=site.prefix_path)
    supervisor.check()
    return supervisor
