"""Regular expressions that are watched: what takes long is told, with the expression's name."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import cast

from pyproxy.core.regex.compile import compile_regex
from pyproxy.core.regex.risk import assess

SLOW = 0.01
"""Seconds of one search, in which nobody else was served, from which on it is told."""
CERTAIN = 0.2
"""Seconds that are too many to be anything else's."""
QUIET = 1.0
"""Seconds for which one expression is not told of again."""


class TimedPattern:
    """A compiled expression with a watch at ``search``; otherwise as ``re.Pattern``."""

    __slots__ = ("_pattern", "_report", "_told", "_written")

    def __init__(self, pattern: re.Pattern[bytes], written: str, report: Callable[[str], None]) -> None:
        self._pattern = pattern
        self._written = written
        self._report = report
        self._told = 0.0

    @property
    def groupindex(self) -> object:
        """Numbers of the groups by their names."""
        return self._pattern.groupindex

    @property
    def groups(self) -> int:
        """How many there are."""
        return self._pattern.groups

    @property
    def pattern(self) -> bytes:
        """In Python's notation."""
        return self._pattern.pattern

    def search(self, text: bytes) -> re.Match[bytes] | None:
        """The first place where it matches."""
        begun = time.perf_counter()
        match = self._pattern.search(text)
        ended = time.perf_counter()
        if ended - begun > SLOW and ended - self._told > QUIET:
            self._tell(text, ended - begun, ended)
        return match

    def _tell(self, text: bytes, seconds: float, now: float) -> None:
        if seconds < CERTAIN:
            # the machine may have been busy with something else
            begun = time.thread_time()
            self._pattern.search(text)
            seconds = time.thread_time() - begun
            if seconds <= SLOW:
                return
        self._told = now
        self._report(f'regular expression "{self._written}" took {seconds * 1000:.0f} ms for {len(text)} bytes')


class RegexCompiler:
    """Compiles the regular expressions of one configuration, warns of some, and watches what may be slow."""

    def __init__(self, warn: Callable[[str], None], report: Callable[[str], None]) -> None:
        """``warn``: when it is compiled; ``report``: when one has been slow."""
        self._warn = warn
        self._report = report

    def __call__(self, pattern: str, ignore_case: bool = False) -> re.Pattern[bytes]:
        """As ``compile_regex``."""
        compiled = compile_regex(pattern, ignore_case)
        risk = assess(compiled.pattern)
        if risk.exponential:
            self._warn(
                f'regular expression "{pattern}" can take for ever for some texts: it repeats a repetition, and '
                "nothing tells where one round ends; make the inner one possessive (a++), or put a character between "
                "that it does not match"
            )
        if risk.loops < 2:
            return compiled
        # the rest of the program cannot tell it from the other
        return cast("re.Pattern[bytes]", TimedPattern(compiled, pattern, self._report))
