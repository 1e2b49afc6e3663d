"""The one tree that every notation becomes: directives, each with where it was written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Source:
    """Where a directive was written: a file (as the user named it) and a line, counted from 1."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Directive:
    """One directive: ``name arg arg;`` (children is None) or ``name arg { children }``.

    Two directives are equal when they say the same; where they were written does not count.
    """

    name: str
    args: tuple[str, ...]
    children: tuple[Directive, ...] | None
    source: Source = field(compare=False)

    def walk(self) -> Iterator[Directive]:
        """This directive and everything below it, in the order written."""
        yield self
        for child in self.children or ():
            yield from child.walk()


class ConfigError(Exception):
    """A configuration that cannot be used. ``str()`` is the whole message: what, where, and what to do."""

    def __init__(self, message: str, source: Source | None = None) -> None:
        super().__init__(f"{message} in {source}" if source else message)
        self.message = message
        self.source = source
