"""A group of programs: Supervisor's ``[group:x]``, which names programs that start and stop in one turn."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pyproxy.config.tree import ConfigError, Directive, Source
from pyproxy.programs.program import Program


@dataclass(frozen=True, slots=True)
class Group:
    """One ``[group:x]``. Supervisor then names the processes of its programs ``group:process``."""

    name: str
    programs: tuple[str, ...]
    source: Source
    priority: int = 999
    """Groups of low priority start first and stop last."""

    @classmethod
    def from_directive(cls, directive: Directive) -> Group:
        """The group that ``group NAME { programs a,b; priority 10; }`` describes. ConfigError for another form."""
        # a group is written as a program is, with fewer options
        written = Program.from_directive(directive)
        for option in written.options:
            if option not in ("programs", "priority"):
                message = f"group `{written.name}`: unknown option `{option}`; it has `programs` and `priority`"
                raise ConfigError(message, written.where(option))
        programs = tuple(name.strip() for name in written.options.get("programs", "").split(",") if name.strip())
        if not programs:
            raise ConfigError(f"group `{written.name}`: `programs` is missing", written.where("programs"))
        try:
            priority = int(written.options.get("priority", "999"))
        except ValueError:
            message = f"group `{written.name}`: `priority` must be a whole number"
            raise ConfigError(message, written.where("priority")) from None
        return cls(written.name, programs, written.source, priority)


def group_of_each(programs: Iterable[Program], groups: Iterable[Group]) -> dict[str, str]:
    """The name of the group that each program is in: its own if it is in none.

    ConfigError for a group that Supervisor would refuse, or pass over in silence because of its name.
    """
    names = {program.name for program in programs}
    group_of: dict[str, str] = {}
    seen: set[str] = set()
    for group in groups:
        if group.name in seen:
            raise ConfigError(f"group `{group.name}` is already defined", group.source)
        seen.add(group.name)
        for name in group.programs:
            if name not in names:
                raise ConfigError(f"group `{group.name}`: there is no program `{name}`", group.source)
            if name in group_of:
                raise ConfigError(f"group `{group.name}`: program `{name}` is already in a group", group.source)
            group_of[name] = group.name
    for group in groups:
        if group.name in names - group_of.keys():
            raise ConfigError(f"group `{group.name}` has the name of a program; rename one of them", group.source)
    return {name: group_of.get(name, name) for name in names}
