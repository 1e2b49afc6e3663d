"""A program of the configuration: Supervisor's ``[program:x]``, with the place where each option was written."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pyproxy.config.tree import ConfigError, Directive, Source


@dataclass(frozen=True, slots=True)
class Program:
    """One ``[program:x]``: Supervisor's own option names, and the values as they were written."""

    name: str
    options: Mapping[str, str]
    source: Source
    lines: Mapping[str, Source] = field(default_factory=dict, compare=False)

    @classmethod
    def from_directive(cls, directive: Directive) -> Program:
        """The program that ``program NAME { option value; ... }`` describes; ConfigError if it has another form."""
        if len(directive.args) != 1:
            raise ConfigError(f"`{directive.name}` needs one name: `{directive.name} NAME {{ ... }}`", directive.source)
        options: dict[str, str] = {}
        lines: dict[str, Source] = {}
        for child in directive.children or ():
            if len(child.args) != 1 and not (child.args and child.name == "depends_on"):
                raise ConfigError(f"`{child.name}` needs one value; quote it if it has spaces", child.source)
            options[child.name] = ",".join(child.args)
            lines[child.name] = child.source
        return cls(directive.args[0], options, directive.source, lines)

    def where(self, option: str) -> Source:
        """The line of this option, or of the program if the option is not written."""
        return self.lines.get(option, self.source)

    @property
    def here(self) -> Path:
        """The folder of the file that the program is written in: Supervisor's ``%(here)s``."""
        return Path(os.path.abspath(self.source.file)).parent


@dataclass(frozen=True, slots=True)
class ProgramState:
    """One process as Supervisor sees it now. A program with ``numprocs`` has several, named ``program:process``."""

    name: str
    statename: str
    """STOPPED, STARTING, RUNNING, BACKOFF, STOPPING, EXITED, FATAL or UNKNOWN."""
    pid: int
    """0 while there is no process."""
    description: str
    exitstatus: int
    stdout_logfile: Path | None
    """Where its messages are; None when they are not kept in a file."""
    stderr_logfile: Path | None
    last_lines: tuple[str, ...] = ()
    """The last lines it logged since the start, where it has failed; filled in by ``with_last_lines``."""

    @property
    def group(self) -> str:
        """The name of its group, or its own."""
        return self.name.partition(":")[0]

    def __str__(self) -> str:
        lines = "".join(f"\n    {line}" for line in self.last_lines)
        return f"program `{self.name}` is {self.statename}: {self.description}{lines}"
