"""Regular expressions as nginx configurations write them (PCRE), compiled for bytes with Python's ``re``."""

from __future__ import annotations

import re

_NAMED_GROUP = re.compile(r"(?<!\\)\(\?<(?=[A-Za-z_])")


def compile_regex(pattern: str, ignore_case: bool = False) -> re.Pattern[bytes]:
    """Compile ``pattern``. Raises ValueError with the reason where Python's engine cannot do what PCRE does."""
    try:
        return re.compile(_NAMED_GROUP.sub("(?P<", pattern).encode(), re.IGNORECASE if ignore_case else 0)
    except re.error as error:
        raise ValueError(f'regular expression "{pattern}" cannot be used: {error}') from error


class Captures:
    """What ``$1`` or ``$name`` of the last matching regular expression stand for."""

    __slots__ = ("_match",)

    def __init__(self, match: re.Match[bytes]) -> None:
        self._match = match

    def __len__(self) -> int:
        return self._match.re.groups + 1

    def __getitem__(self, number: int) -> bytes | None:
        return self._match[number]

    def named(self, name: str) -> bytes | None:
        """What the group of that name matched; None if the last regular expression has no such group."""
        return self._match[name] if name in self._match.re.groupindex else None
