"""Which programs are to run: read from a configuration, and checked before anything starts."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from pyproxy.config.tree import ConfigError, Directive
from pyproxy.programs.check import Process, check
from pyproxy.programs.configuration import configuration
from pyproxy.programs.group import Group, group_of_each
from pyproxy.programs.order import in_order
from pyproxy.programs.program import Program


class Plan:
    """Programs that could be started: everything that can be known beforehand was found right."""

    def __init__(
        self,
        programs: Sequence[Program],
        groups: Sequence[Group] = (),
        prefix: Path | None = None,
        logs: Path | None = None,
    ) -> None:
        """`prefix`: what relative paths count from, by default the current folder. `logs`: the folder of the log files
        that no option names, by default logs/ in the prefix.

        Raises ConfigError for the first program that could not be started. Starts and writes nothing.
        """
        self.prefix = (prefix or Path()).absolute()
        self.logs = (logs or self.prefix / "logs").absolute()
        # what was installed beside this Python is found even if its environment is not activated
        self.path = os.pathsep.join([os.path.dirname(sys.executable), os.environ.get("PATH", os.defpath)])
        earlier: dict[str, Program] = {}
        for program in programs:
            if program.name in earlier:
                first = earlier[program.name].source
                raise ConfigError(f"program `{program.name}` is already defined in {first}", program.source)
            earlier[program.name] = program
        self._groups = tuple(groups)
        self._group_of = group_of_each(programs, groups)
        self.programs = tuple(in_order(programs))
        self.processes: dict[str, Process] = {
            process.name: process
            for program in programs
            for process in check(program, self._group_of[program.name], self.prefix, self.logs, self.path)
        }

    @classmethod
    def from_directives(cls, directives: Sequence[Directive], prefix: Path) -> Plan:
        """The plan of the ``program`` and ``group`` blocks of a configuration. Raises ConfigError."""
        programs = [Program.from_directive(each) for each in directives if each.name == "program"]
        groups = [Group.from_directive(each) for each in directives if each.name == "group"]
        return cls(programs, groups, prefix)

    @property
    def groups(self) -> list[str]:
        """The names of the groups as Supervisor has them, one for a program that is in none, in the order of start."""
        return list(dict.fromkeys(self._group_of[program.name] for program in self.programs))

    @property
    def logfiles(self) -> list[Path]:
        """The log files that are known beforehand."""
        return [file for process in self.processes.values() for file in process.logfiles]

    @property
    def longest_stop(self) -> float:
        """Seconds that the programs may take to stop, one after the other."""
        return float(sum(process.stopwaitsecs for process in self.processes.values()))

    def text(self, folder: Path) -> str:
        """The configuration of a supervisord whose runtime files are in `folder`."""
        return configuration(self.programs, self._groups, folder, self.prefix, self.logs)
