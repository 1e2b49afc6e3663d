"""What ``$1`` and ``$name`` of regular expressions stand for, and the variables that they are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from pyproxy.core.variables import Depends, Getter, Variable, given

if TYPE_CHECKING:
    from pyproxy.core.request import Request

NUMBERS = tuple("123456789")
"""The variables of the last match's groups, without the dollar sign."""
_GROUP = re.compile(r"\((?!\?)|\(\?(?:P?<[A-Za-z_]|')", re.ASCII)
_NAMED_GROUP = re.compile(r"\(\?(?:P?<([A-Za-z_]\w*)>|'([A-Za-z_]\w*)')", re.ASCII)


class Captures:
    """What the last regular expression captured, and what names captured before it.

    Numbers are those of the last one alone; a name that it does not have keeps what the one before gave it.
    """

    __slots__ = ("_before", "_match")

    def __init__(self, match: re.Match[bytes] | None, before: Captures | None = None) -> None:
        """``match`` None: the last one has not matched, which ends the numbers of the one before."""
        self._match = match
        self._before = before

    def __len__(self) -> int:
        return self._match.re.groups + 1 if self._match is not None else 0

    def __getitem__(self, number: int) -> bytes | None:
        return self._match[number] if self._match is not None else None

    def keep_names(self, request: Request) -> None:
        """Give the variables of the last match's named groups their values: from now on these go before all others."""
        if self._match is not None:
            for name, value in self._match.groupdict(b"").items():
                request.set_variable(name, value)

    def named(self, name: str) -> bytes | None:
        """What the group of that lower-case name matched; None if no regular expression has such a group."""
        if self._match is not None and name in self._match.re.groupindex:
            return self._match[name]
        return self._before.named(name) if self._before is not None else None


def matched(request: Request, match: re.Match[bytes]) -> None:
    """A regular expression of the rewrite phase or of a ``map`` has matched: its captures are the request's now."""
    request.captures = captures = Captures(match, request.captures)
    if match.re.groupindex:
        captures.keep_names(request)


def not_matched(request: Request) -> None:
    """One of the rewrite phase has not: the numbers of the one before are forgotten."""
    if request.captures:
        request.captures = Captures(None, request.captures)


def _named(name: str) -> Getter:
    def get(request: Request) -> bytes | None:
        return request.captures.named(name) if request.captures is not None else None

    return given(name, get)


def group_variables(patterns: Iterable[str], depends: Depends = Depends.HEAD) -> Iterator[Variable]:
    """A variable for each named group. ``depends``: what the text depends on that the expression is applied to."""
    for pattern in patterns:
        for names in _NAMED_GROUP.findall(pattern):
            name = "".join(names).lower()
            yield Variable(name, _named(name), depends, changeable=True)


def has_groups(pattern: str) -> bool:
    """Whether a regular expression, as written, seems to capture anything: a sure no, else a likely yes."""
    return _GROUP.search(pattern) is not None
