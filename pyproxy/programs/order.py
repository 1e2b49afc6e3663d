"""The order in which programs start: what a program depends on comes before it."""

from __future__ import annotations

import difflib
import graphlib
from collections.abc import Iterable

from pyproxy.config.tree import ConfigError
from pyproxy.programs.program import Program
from pyproxy.programs.supervisord.options import names


def in_order(programs: Iterable[Program]) -> list[Program]:
    """The programs, each after those of its ``depends_on``. ConfigError for an unknown name and for a circle."""
    by_name = {program.name: program for program in programs}
    needs = {program.name: names(program.options.get("depends_on", "")) for program in by_name.values()}
    for name, needed in needs.items():
        for other in needed:
            if other not in by_name:
                close = difflib.get_close_matches(other, by_name, 1)
                hint = f", did you mean `{close[0]}`?" if close else ""
                where = by_name[name].where("depends_on")
                raise ConfigError(f"program `{name}`: it depends on `{other}`, which is no program{hint}", where)
    try:
        return [by_name[name] for name in graphlib.TopologicalSorter(needs).static_order()]
    except graphlib.CycleError as error:
        # told from the one that depends to what it depends on, and back
        circle = list(reversed(error.args[1]))
        chain = " -> ".join(f"`{name}`" for name in circle)
        where = by_name[circle[0]].where("depends_on")
        raise ConfigError(f"program `{circle[0]}`: `depends_on` goes round in a circle: {chain}", where) from None
