"""docs/directives.md, made of what the modules declare: ``python -m pyproxy.directives > docs/directives.md``."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby
from typing import Any

from pyproxy.compile import load_schema
from pyproxy.config.known import KNOWN
from pyproxy.config.schema import INSIDE_LOCATIONS, Context, Module, Schema, Spec
from pyproxy.core.variables import Template

HEAD = """\
# Directives

Every directive of pyproxy, by the module that it belongs to. This page is made by `make docs` from what the modules
declare; a test fails when it is not what they say.

- **where**: the blocks in which it may stand. `if` is one of a location, `server if` one of a server.
- **default**: what counts where it is not written; – where that is nothing, or is said beside it.
- **state**: *works*; or *no effect*: accepted, because nginx needs it and pyproxy does not.

`include` may stand everywhere. What nginx has and is in none of these tables is refused by `pyproxy -t`, with file and
line; see the end of the page.
"""
REFUSED = """\
## Known to nginx, refused

`pyproxy -t` says of these that they are `a known nginx directive, not supported by pyproxy yet`.
"""
_PLACES = {Context.SERVER_IF: "server if", Context.LOCATION_IF: "if"}
_MANY = 4
"""Refused directives of one prefix that are a group of their own."""


def page() -> str:
    """The whole page, as Markdown."""
    schema = load_schema()
    parts = [HEAD, *(part for module in sorted(schema.modules, key=_title) if (part := _module(module, schema)))]
    return "\n".join([*parts, REFUSED, *_refused(KNOWN - {"include", *schema.specs})])


def _title(module: Module) -> str:
    documentation = importlib.import_module(f"pyproxy.modules.{module.name}").__doc__ or module.name
    return documentation.partition("\n")[0].rstrip(".")


def _module(module: Module, schema: Schema) -> str:
    own: dict[str, list[Spec]] = {}
    for spec in module.directives:
        # the schema knows where else it may stand, in an `if`
        same = [known for known in schema.specs[spec.name] if replace(known, contexts=spec.contexts) == spec]
        own.setdefault(spec.name, []).extend(same)
    if not own:
        return ""
    rows = [
        f"## {_title(module)}",
        "",
        "| directive | where | default | state | what it says |",
        "|---|---|---|---|---|",
        *(_row(own[name]) for name in sorted(own)),
        "",
    ]
    return "\n".join(rows)


def _row(specs: list[Spec]) -> str:
    first = specs[0]
    contexts = Context(0)
    for spec in specs:
        contexts |= spec.contexts
    summary = first.summary.removeprefix("Accepted; ")
    cells = (
        f"`{first.name}`",
        ", ".join(_places(contexts)),
        _default(first),
        "no effect" if first.harmless else "works",
        (summary[:1].upper() + summary[1:]).replace("|", "\\|"),
    )
    return f"| {' | '.join(cells)} |"


def _places(contexts: Context) -> Iterator[str]:
    for context in contexts:
        if context in _PLACES or context in INSIDE_LOCATIONS:
            yield _PLACES.get(context, "limit_except")
        else:
            yield (context.name or "").lower()


def _default(spec: Spec) -> str:
    text = "" if spec.harmless else _written(spec.default, spec.is_time)
    return f"`{text}`" if text else "–"


def _written(value: Any, is_time: bool = False) -> str:
    """A value as a configuration would say it, where that can be told."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, str):
        return value
    if isinstance(value, Template):
        return value.text
    if isinstance(value, float) and is_time:
        return f"{value:g}s"
    if isinstance(value, int):
        for unit, letter in ((1 << 30, "g"), (1 << 20, "m"), (1 << 10, "k")):
            if value and value % unit == 0:
                return f"{value // unit}{letter}"
        return str(value)
    if isinstance(value, tuple | list) and all(isinstance(each, int | str) for each in value):
        return " ".join(map(_written, value))
    return ""


def _refused(names: Iterable[str]) -> Iterator[str]:
    others: list[str] = []
    for prefix, group in groupby(sorted(names), key=lambda name: name.partition("_")[0]):
        found = list(group)
        if len(found) < _MANY:
            others += found
        else:
            yield f"- {prefix}: {_listed(found)}"
    yield f"- others: {_listed(others)}"
    yield ""


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


if __name__ == "__main__":
    print(page(), end="")
