"""What may take a regular expression long: repetitions that can divide the same text in many ways.

``re`` tries them all. Two repetitions side by side cost the square of the text's length at worst; one inside of
another, as in ``(a+)+$``, doubles the time with each byte, unless something between them tells where one round ends.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from re import _constants, _parser  # type: ignore[attr-defined]
from typing import Any, NamedTuple

Ops = Iterable[tuple[Any, Any]]

_ALL = frozenset(range(256))
_CATEGORIES = {
    "CATEGORY_DIGIT": rb"\d",
    "CATEGORY_NOT_DIGIT": rb"\D",
    "CATEGORY_SPACE": rb"\s",
    "CATEGORY_NOT_SPACE": rb"\S",
    "CATEGORY_WORD": rb"\w",
    "CATEGORY_NOT_WORD": rb"\W",
}


class Risk(NamedTuple):
    """``exponential``: a repetition in a repetition, and nothing to tell their rounds apart. ``loops``: how many
    repetitions without a limit there are."""

    exponential: bool
    loops: int


@cache
def assess(pattern: bytes) -> Risk:
    """Look at an expression in Python's notation."""
    ops = list(_parser.parse(pattern))
    return Risk(_exponential(ops), sum(1 for _ in _loops(ops)))


def _name(op: Any) -> str:
    return str(op)


def _inner(op: Any, av: Any) -> list[list[tuple[Any, Any]]]:
    """The sequences inside of one step: of which one is taken, or which is repeated."""
    name = _name(op)
    if name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
        return [list(av[2])]
    if name == "SUBPATTERN":
        return [list(av[3])]
    if name == "BRANCH":
        return [list(branch) for branch in av[1]]
    if name == "ATOMIC_GROUP":
        return [list(av)]
    if name in ("ASSERT", "ASSERT_NOT"):
        return [list(av[1])]
    if name == "GROUPREF_EXISTS":
        return [list(branch) for branch in av[1:] if branch]
    return []


def _is_loop(op: Any, av: Any) -> bool:
    return _name(op) in ("MAX_REPEAT", "MIN_REPEAT") and av[1] is _constants.MAXREPEAT


def _loops(ops: Ops) -> Iterator[frozenset[int]]:
    """The bytes that each repetition without a limit may take; what is never tried again does not count."""
    for op, av in ops:
        if _is_loop(op, av):
            yield _bytes(av[2])
        if _name(op) not in ("POSSESSIVE_REPEAT", "ATOMIC_GROUP"):
            for inner in _inner(op, av):
                yield from _loops(inner)


def _exponential(ops: Ops) -> bool:
    for op, av in ops:
        if _is_loop(op, av) and _ambiguous(list(av[2])):
            return True
        if any(_exponential(inner) for inner in _inner(op, av)):
            return True
    return False


def _ambiguous(ops: list[tuple[Any, Any]]) -> bool:
    """Whether the rounds of a repetition of ``ops`` can divide a text in more than one way."""
    taken = frozenset[int]().union(*_loops(ops))
    if taken and not _separated(ops, taken):
        return True
    return any(_name(op) == "BRANCH" and _overlap(av[1]) for op, av in _flat(ops))


def _flat(ops: Ops) -> Iterator[tuple[Any, Any]]:
    for op, av in ops:
        if _name(op) == "SUBPATTERN":
            yield from _flat(av[3])
        else:
            yield op, av


def _separated(ops: Ops, taken: frozenset[int]) -> bool:
    """Whether each round has a byte that none of its repetitions takes."""
    for op, av in _flat(ops):
        single = _single(op, av)
        if single is not None and single.isdisjoint(taken):
            return True
        if _name(op) == "BRANCH" and all(_separated(branch, taken) for branch in av[1]):
            return True
        if _name(op) in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT") and av[0] and _separated(av[2], taken):
            return True
    return False


def _overlap(branches: Iterable[Ops]) -> bool:
    """Whether two alternatives are single bytes, and the same one."""
    seen = frozenset[int]()
    for branch in branches:
        steps = list(branch)
        single = _single(*steps[0]) if len(steps) == 1 else None
        if single is not None:
            if not single.isdisjoint(seen):
                return True
            seen |= single
    return False


def _single(op: Any, av: Any) -> frozenset[int] | None:
    """The bytes of which a step takes exactly one; None for other steps."""
    name = _name(op)
    if name == "LITERAL":
        return frozenset({av})
    if name == "NOT_LITERAL":
        return _ALL - {av}
    if name == "ANY":
        return _ALL - {0x0A}
    if name != "IN":
        return None
    found: set[int] = set()
    negated = False
    for kind, value in av:
        if _name(kind) == "NEGATE":
            negated = True
        elif _name(kind) == "LITERAL":
            found.add(value)
        elif _name(kind) == "RANGE":
            found.update(range(value[0], value[1] + 1))
        else:
            found |= _category(_name(value))
    return _ALL - found if negated else frozenset(found)


@cache
def _category(name: str) -> frozenset[int]:
    expression = re.compile(_CATEGORIES[name])
    return frozenset(code for code in range(256) if expression.match(bytes([code])))


def _bytes(ops: Ops) -> frozenset[int]:
    """Every byte that ``ops`` may take."""
    found = frozenset[int]()
    for op, av in ops:
        single = _single(op, av)
        found |= single if single is not None else frozenset[int]().union(*map(_bytes, _inner(op, av)))
    return found
