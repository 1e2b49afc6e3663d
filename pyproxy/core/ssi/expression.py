"""The texts in SSI commands: variables and escapes in values, and what ``if`` asks."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from pyproxy.core.regex.compile import compile_regex

Lookup = Callable[[bytes], bytes | None]
"""A variable's value by its lower-case name; None where it has none."""

_PART = re.compile(
    rb"(?P<text>(?:\\.|[^$\\])+) | \\\Z | \$(?:\{(?P<braced>[A-Za-z0-9_]+)\} | (?P<plain>[A-Za-z0-9_]+)"
    rb"| (?P<open>\{[A-Za-z0-9_]+) )?",
    re.DOTALL | re.VERBOSE,
)
_ESCAPED = re.compile(rb"\\([\\'\"$])")
_CONDITION = re.compile(
    rb"(?P<left>[A-Za-z0-9${}_\"']*)\ *(?:\Z|(?P<operator>=|!=)\ *(?P<right>.*))", re.DOTALL | re.VERBOSE
)


def expand(text: bytes, lookup: Lookup) -> bytes:
    """The text with its variables' values in it. Raises ValueError with what is wrong with it."""
    pieces = []
    for part in _PART.finditer(text):
        if part["text"] is not None:
            pieces.append(_ESCAPED.sub(rb"\1", part["text"]))
        elif (name := part["braced"] or part["plain"]) is not None:
            pieces.append(lookup(name.lower()) or b"")
        elif part["open"] is not None:
            raise ValueError(f'the closing bracket in "{shown(part["open"][1:])}" variable is missing')
        elif part[0] == b"$":
            raise ValueError(f'invalid variable name in "{shown(text)}"')
    return b"".join(pieces)


@dataclass(slots=True)
class Condition:
    """Whether it is true, and what its regular expression captured if it has one that matched."""

    holds: bool
    match: re.Match[bytes] | None = None


def evaluate(expression: bytes, lookup: Lookup) -> Condition:
    """What ``if`` asks: ``text``, ``text = text``, ``text != /regular expression/``. Raises ValueError."""
    parts = _CONDITION.fullmatch(expression)
    if parts is None:
        raise ValueError(f'invalid expression in "{shown(expression)}"')
    # as in nginx, that side is in lower case
    left = expand(parts["left"].lower(), lookup)
    if parts["operator"] is None:
        return Condition(bool(left))
    negative, right = parts["operator"] == b"!=", parts["right"]
    if right.startswith(b"/") and len(right) > 1:
        if not right.endswith(b"/"):
            raise ValueError(f'invalid expression in "{shown(expression)}"')
        match = _compile(expand(right[1:-1], lookup)).search(left)
        return Condition((match is None) is negative, match)
    if right.startswith(b"\\/"):
        right = right[1:]
    return Condition((left != expand(right, lookup)) is negative)


@lru_cache(256)
def _compile(pattern: bytes) -> re.Pattern[bytes]:
    return compile_regex(pattern.decode("utf-8", "surrogateescape"))


def shown(text: bytes) -> str:
    """Text as the error log shows it."""
    return text.decode("utf-8", "backslashreplace")
