"""Reading the TOML notation: the same directives as in an nginx.conf, as tables and keys.

- A key is a directive, its value the arguments: a text or number is one argument, ``true`` and ``false`` are ``on`` and
  ``off``, an array is several (``[]`` is none).
- An array that holds an array or a table is the directive repeated, once for each element.
- A table under a simple directive is one directive for each key, the key being its first arguments:
  ``proxy_set_header.Host = "$host"``.
- A table under a block is the block. Where blocks have arguments, there is a table for each, named by the arguments as
  nginx would write them: ``[server.location."/"]``, ``[server.location.'~ \\.php$']``. The order of keys is kept.
- ``[http]`` may be left out.
- ``then``, an array of tables, continues a context: its tables' directives follow one after the other. It is needed
  only where order matters and a name comes back, as TOML has no key twice: ``set``, ``if``, ``set``.
- Below ``program`` and ``group`` stand Supervisor's options: ``true`` and ``false`` stay as they are, an array becomes
  a list with commas, a table ``KEY="value"`` pairs.

docs/toml.md tells the same to users.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from pyproxy.config import nginx
from pyproxy.config.nginx_words import split_words
from pyproxy.config.toml_lines import Path, key_lines
from pyproxy.config.toml_mistakes import explain
from pyproxy.config.tree import ConfigError, Directive, Source

THEN = "then"
SUPERVISED = ("program", "group")


class Shapes(Protocol):
    """What the notation must know of the directives; the schema knows."""

    def block(self, name: str, parent: str | None) -> str | None:
        """How ``name`` is a block inside ``parent`` (a directive's name; None: not known, at the top of a file).

        ``plain``: a block of directives without arguments (``server``); ``args``: with arguments (``location``);
        ``free``: without arguments, and its children are data (``types``); ``free-args``: the same with arguments
        (``map``); None: a simple directive, or unknown.
        """

    def belongs_to_http(self, name: str) -> bool:
        """Whether ``name`` may stand in ``http`` and not at the top level."""


def is_toml(file: str) -> bool:
    """Whether a file is in this notation, told by its name."""
    return file.lower().endswith(".toml")


def parse(text: str, file: str, shapes: Shapes) -> tuple[Directive, ...]:
    """The directives of ``text``; ``file`` is its name in messages. An ``include`` stays a directive.

    What belongs to a left out ``[http]`` is at the top level still, see ``gather_http``. Raises ConfigError.
    """
    try:
        # Numbers with a point stay as written: 1.10 is a version, not 1.1.
        data = tomllib.loads(text, parse_float=lambda number: number.replace("_", ""))
    except tomllib.TOMLDecodeError as error:
        line, words = explain(error, text)
        raise ConfigError(f"TOML: {words}", Source(file, line)) from None
    reader = _Reader(file, key_lines(text), shapes)
    return tuple(directive for directive in reader.block(data, None, ()) if not nginx.is_formality(directive))


def gather_http(directives: Sequence[Directive], shapes: Shapes) -> tuple[Directive, ...]:
    """The top level with what belongs to ``http`` in its one ``http`` block, made where the first of it stands."""
    gathered: list[Directive] = []
    main: list[Directive | None] = []
    place: int | None = None
    source: Source | None = None
    for directive in directives:
        explicit = directive.name == "http" and not directive.args and directive.children is not None
        if not explicit and not shapes.belongs_to_http(directive.name):
            main.append(directive)
            continue
        if place is None:
            place, source = len(main), directive.source
            main.append(None)
        gathered += directive.children or () if explicit else (directive,)
    if source is not None and place is not None:
        main[place] = Directive("http", (), tuple(gathered), source)
    return tuple(directive for directive in main if directive is not None)


class _Reader:
    def __init__(self, file: str, lines: dict[Path, int], shapes: Shapes) -> None:
        self.file = file
        self.lines = lines
        self.shapes = shapes

    def source(self, path: Path) -> Source:
        while path and path not in self.lines:
            path = path[:-1]
        return Source(self.file, self.lines.get(path, 1))

    def block(self, table: dict[str, Any], parent: str | None, path: Path, free: bool = False) -> Iterator[Directive]:
        """The directives of one context."""
        for name, value in table.items():
            here = (*path, name)
            if name == THEN and isinstance(value, list) and value and all(isinstance(part, dict) for part in value):
                for index, part in enumerate(value):
                    yield from self.block(part, parent, (*here, index), free)
            elif parent in SUPERVISED:
                yield Directive(name, (self.option(value, here),), None, self.source(here))
            else:
                shape = None if free else self.shapes.block(name, parent)
                yield from self.directive(name, (), value, shape, here)

    def directive(
        self, name: str, args: tuple[str, ...], value: Any, shape: str | None, path: Path
    ) -> Iterator[Directive]:
        """What ``value`` makes of ``name`` with the arguments that its keys have given so far."""
        if isinstance(value, list) and any(isinstance(element, list | dict) for element in value):
            for index, element in enumerate(value):
                yield from self.directive(name, args, element, shape, (*path, index))
        elif not isinstance(value, dict):
            elements = value if isinstance(value, list) else [value]
            words = tuple(self.argument(element, path) for element in elements)
            yield Directive(name, args + words, None, self.source(path))
        elif shape in ("plain", "free"):
            children = tuple(self.block(value, name, path, shape == "free"))
            yield Directive(name, args, children, self.source(path))
        else:
            # Each key gives the first arguments; a table below it is a block's content.
            content = "free" if shape == "free-args" else "plain"
            for key, below in value.items():
                here = (*path, key)
                yield from self.directive(name, split_words(key, self.source(here)), below, content, here)

    def argument(self, value: Any, path: Path) -> str:
        if isinstance(value, bool):
            return "on" if value else "off"
        if isinstance(value, str | int):
            return str(value)
        raise ConfigError(f"{value} is a date or time to TOML, write it in quotes", self.source(path))

    def option(self, value: Any, path: Path) -> str:
        """A Supervisor option's text."""
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, dict):
            return ",".join(f'{key}="{self.option(below, (*path, key))}"' for key, below in value.items())
        if isinstance(value, list):
            return ",".join(self.option(element, path) for element in value)
        return self.argument(value, path)
