"""A configuration file and all that it includes -> one tree. Each file may be in another notation."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pyproxy.config import nginx, supervisor, toml
from pyproxy.config.tree import ConfigError, Directive, ErrorCollection, Source


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration as it was read."""

    directives: tuple[Directive, ...]
    """The whole tree; no ``include`` is left in it."""
    files: dict[str, str]
    """Name -> text of every file read, in the order of the first reading."""
    patterns: tuple[str, ...]
    """Those that stand in an ``include``, from the current folder: a file that is made later may match one."""
    notes: tuple[str, ...]
    """What was passed over, one sentence each."""


def load(path: Path | str, shapes: toml.Shapes, extra: str = "") -> Loaded:
    """Read ``path`` and its includes; ``extra`` is nginx notation that comes first (``-g``). Raises ConfigError."""
    loader = _Loader(str(path), shapes)
    directives: tuple[Directive, ...] = ()
    with loader.errors.collect():
        directives = (*nginx.parse(extra, "command line"), *loader.read(str(path), (), None))
    loader.errors.check()
    if toml.is_toml(str(path)):
        directives = toml.gather_http(directives, shapes)
    return Loaded(directives, loader.files, tuple(loader.patterns), tuple(loader.notes))


class _Loader:
    def __init__(self, main: str, shapes: toml.Shapes) -> None:
        self.folder = os.path.dirname(main)
        self.shapes = shapes
        self.files: dict[str, str] = {}
        self.patterns: list[str] = []
        self.notes: list[str] = []
        self.errors = ErrorCollection()

    def read(self, file: str, chain: tuple[str, ...], included: Source | None) -> Iterator[Directive]:
        """The directives of ``file``, its includes expanded; ``chain`` holds the files that led to it."""
        text = _text(file, included)
        self.files[file] = _FOREIGN.sub("\N{REPLACEMENT CHARACTER}", text)
        if any(os.path.samefile(file, earlier) for earlier in chain):
            raise ConfigError(f"include goes round in a circle: {' -> '.join((*chain, file))}", included)
        directives = self.parse(text, file)
        if _FOREIGN.search(text):
            _check_encoding(directives)
        yield from self.expand(directives, (*chain, file))

    def parse(self, text: str, file: str) -> Sequence[Directive]:
        if toml.is_toml(file):
            return toml.parse(text, file, self.shapes)
        if supervisor.is_supervisor(text):
            directives, ignored = supervisor.parse(text, file)
            self.notes += [f"[{section}] in {file} is ignored, it does not concern pyproxy" for section in ignored]
            return directives
        return nginx.parse(text, file)

    def expand(self, directives: Sequence[Directive], chain: tuple[str, ...]) -> Iterator[Directive]:
        for directive in directives:
            if directive.children is not None:
                children = tuple(self.expand(directive.children, chain))
                yield Directive(directive.name, directive.args, children, directive.source)
            elif directive.name != "include":
                yield directive
            else:
                for file in self.matches(directive):
                    yield from self.included(file, chain, directive.source)

    def included(self, file: str, chain: tuple[str, ...], source: Source) -> tuple[Directive, ...]:
        """What an included file says; if it cannot be read, the others are read all the same."""
        with self.errors.collect():
            return tuple(self.read(file, chain, source))
        return ()

    def matches(self, include: Directive) -> list[str]:
        """The files that an ``include`` means, counted from the folder of the main file, in nginx's order."""
        if len(include.args) != 1:
            raise ConfigError(f"`include` takes 1 argument, not {len(include.args)}", include.source)
        pattern = os.path.join(self.folder, include.args[0])
        # As in nginx, a name must exist and a pattern may match nothing.
        if not glob.has_magic(pattern):
            return [pattern]
        self.patterns.append(pattern)
        return sorted(glob.glob(pattern), key=os.fsencode)


def _text(file: str, included: Source | None) -> str:
    try:
        data = Path(file).read_bytes()
    except (OSError, ValueError) as error:
        raise ConfigError(f"cannot read `{file}`: {getattr(error, 'strerror', error)}", included) from None
    return data.decode("utf-8-sig", "surrogateescape")


_FOREIGN = re.compile("[\udc80-\udcff]")
"""What a byte becomes that is not UTF-8 (PEP 383)."""


def _check_encoding(directives: Sequence[Directive]) -> None:
    """Old comments may be in another encoding, for all that nginx cares; what is used is UTF-8."""
    for directive in directives:
        for each in directive.walk():
            if any(map(_FOREIGN.search, (each.name, *each.args))):
                raise ConfigError("not UTF-8 text, save the file as UTF-8", each.source)
