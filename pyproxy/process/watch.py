"""``--watch``: tells when the configuration has changed on the disk: a file of it, or which files it has."""

from __future__ import annotations

import asyncio
import glob
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from watchfiles import Change, awatch

from pyproxy.compile import Sources
from pyproxy.config.schema import Schema
from pyproxy.config.tree import ConfigError

SETTLE = 100
"""Milliseconds without a change after which an edit counts as done."""
LONGEST = 1000
"""Milliseconds after which it counts as done all the same."""
AT_LEAST_EVERY = 2000
"""Milliseconds between two looks; not every file system tells of changes."""


class Watch:
    """Whole folders are watched: editors put a new file in the place of the old one, and a pattern may match more."""

    def __init__(self, sources: Sources, schema: Schema, changed: Callable[[], None]) -> None:
        self._sources = sources
        self._schema = schema
        self._changed = changed
        self._files: set[str] = set()
        self._folders: set[str] = set()
        self._seen = self._look()

    async def run(self) -> None:
        """Call ``changed`` after each change since this object was made, until this is cancelled."""
        looked = time.monotonic()
        while True:
            folders = frozenset(self._folders)
            async for changes in awatch(
                *folders,
                recursive=False,
                step=SETTLE,
                debounce=LONGEST,
                rust_timeout=AT_LEAST_EVERY,
                yield_on_timeout=True,
            ):
                # what changed before the folders were watched is found later
                due = time.monotonic() >= looked + AT_LEAST_EVERY / 1000
                if not due and not any(self._concerns(*change) for change in changes):
                    continue
                looked = time.monotonic()
                before, self._seen = self._seen, await asyncio.to_thread(self._look)
                if self._seen != before:
                    self._changed()
                if self._folders != folders:
                    break

    def _look(self) -> object:
        """What the configuration is now: its text, or what hinders reading it."""
        try:
            loaded = self._sources.load(self._schema)
        except ConfigError as error:
            # what was watched stays so, and what must be mended comes to it
            self._add([self._sources.path, *(each.source.file for each in error.each if each.source)])
            return str(error), [_content(file) for file in sorted(self._files)]
        self._files, self._folders = set(), set()
        self._add(loaded.files)
        for pattern in loaded.patterns:
            self._folders.update(map(os.path.abspath, filter(os.path.isdir, glob.glob(os.path.dirname(pattern)))))
        return loaded.files

    def _add(self, files: Iterable[str]) -> None:
        for file in files:
            # a link may be replaced, and what it leads to
            self._files |= {os.path.abspath(file), os.path.realpath(file)}
        self._folders |= set(filter(os.path.isdir, map(os.path.dirname, self._files)))

    def _concerns(self, change: Change, path: str) -> bool:
        # a log may be written to in the same folder all the time
        return change is not Change.modified or path in self._files


def _content(file: str) -> bytes:
    try:
        return Path(file).read_bytes()
    except OSError:
        return b""
