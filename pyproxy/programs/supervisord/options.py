"""What supervisord reads of a program: Supervisor's options, and ``depends_on``, ``ready``, ``ready_timeout``."""

from __future__ import annotations

import functools
import itertools
import platform
import re
from collections.abc import Iterator
from typing import Any

from supervisor.datatypes import integer
from supervisor.options import ProcessConfig, ServerOptions
from supervisor.supervisord import Supervisor

from pyproxy.programs.ready import Ready
from pyproxy.programs.supervisord.process import Process

READY_TIMEOUT = 30


class Config(ProcessConfig):  # type: ignore[misc]
    """One process of a program. Supervisor compares these when it reads its configuration again."""

    optional_param_names = [*ProcessConfig.optional_param_names, "program", "depends_on", "ready", "ready_timeout"]  # noqa: RUF012

    def make_process(self, group: Any = None) -> Process:
        process = Process(self)
        process.group = group
        return process


class Options(ServerOptions):  # type: ignore[misc]
    """Supervisor's options, with ours in a ``[program:x]``."""

    supervisord: Supervisor
    """What runs with them."""

    def processes_from_section(
        self, parser: Any, section: str, group_name: str, klass: Any = ProcessConfig
    ) -> list[Any]:
        """One Config for every process of a program. Raises ValueError."""
        numbers: Iterator[int] = itertools.count(integer(parser.saneget(section, "numprocs_start", 0)))
        program = section.partition(":")[2].strip()
        expansions = {
            "here": self.here,
            "program_name": program,
            "group_name": group_name,
            "host_node_name": platform.node(),
        }
        get = functools.partial(parser.saneget, section)
        depends_on = names(get("depends_on", "", expansions=expansions))
        ready_timeout = integer(get("ready_timeout", READY_TIMEOUT, expansions=expansions))
        if ready_timeout <= 0:
            raise ValueError("it must be at least one second")

        def make(options: Options, **parameters: Any) -> Config:
            # Supervisor calls this once for each process, in the order of their numbers
            number = {"process_num": next(numbers), "numprocs": integer(get("numprocs", 1))}
            ready = get("ready", "", expansions={**expansions, **number})
            return Config(
                options,
                program=program,
                depends_on=depends_on,
                ready=Ready.parse(ready) if ready else None,
                ready_timeout=ready_timeout,
                **parameters,
            )

        kind = make if klass is ProcessConfig else klass
        configs: list[Any] = super().processes_from_section(parser, section, group_name, kind)
        return configs

    def processes_of(self, program: str) -> list[Process]:
        """The processes of a program that supervisord has now."""
        return [process for process in self.all_processes() if process.config.program == program]

    def all_processes(self) -> list[Process]:
        """All that supervisord has now."""
        groups = self.supervisord.process_groups.values()
        return [process for group in groups for process in group.processes.values()]


def names(text: str) -> tuple[str, ...]:
    """The names in a value such as ``db, cache``."""
    return tuple(re.findall(r"[^\s,]+", text))
