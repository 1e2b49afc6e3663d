"""The one tree that every notation becomes: directives, each with where it was written."""

from __future__ import annotations

import contextlib
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

    @property
    def each(self) -> tuple[ConfigError, ...]:
        """Itself; or, where several were found, all of them."""
        return (self,)


class ConfigErrors(ConfigError):
    """Several at once, one a line, by file and line."""

    def __init__(self, errors: tuple[ConfigError, ...]) -> None:
        super().__init__("\n".join(map(str, errors)))
        self.source = errors[0].source
        self._errors = errors

    @property
    def each(self) -> tuple[ConfigError, ...]:
        """All of them."""
        return self._errors


class ErrorCollection:
    """Lets the reading of a configuration go on after an error, so that whoever mends it sees all of them at once."""

    def __init__(self) -> None:
        self._errors: dict[str, ConfigError] = {}

    @contextlib.contextmanager
    def collect(self) -> Iterator[None]:
        """What goes wrong inside is kept for ``check``."""
        try:
            yield
        except ConfigError as error:
            for each in error.each:
                self._errors.setdefault(str(each), each)

    def check(self) -> None:
        """Raise ConfigError if there was any: from here on one would lead to others that are none."""
        errors = sorted(self._errors.values(), key=_place)
        if len(errors) > 1:
            raise ConfigErrors(tuple(errors))
        if errors:
            raise errors[0]


def _place(error: ConfigError) -> tuple[str, int]:
    return (error.source.file, error.source.line) if error.source else ("", 0)
