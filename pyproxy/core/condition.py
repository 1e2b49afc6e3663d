"""What ``if`` asks: a variable's value, or what there is at a path."""

from __future__ import annotations

import re
import stat
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from pyproxy.core.captures import matched, not_matched
from pyproxy.core.files.failures import MISSING, failed
from pyproxy.core.logs.log import CRIT
from pyproxy.core.variables import Depends

if TYPE_CHECKING:
    from pyproxy.core.request import Request
    from pyproxy.core.variables import Template, Variable


class Condition(NamedTuple):
    """Something to ask of a request. ``steady``: whether the answer is always the same for one head."""

    holds: Callable[[Request], bool]
    steady: bool


FILE_TESTS: dict[str, Callable[[int], bool]] = {
    "f": stat.S_ISREG,
    "d": stat.S_ISDIR,
    "e": lambda mode: True,
    "x": lambda mode: bool(mode & stat.S_IXUSR),
}
"""By the letter, what must be true of a mode."""


def is_true(variable: Variable) -> Condition:
    """Neither empty nor ``0``."""
    get = variable.get
    return Condition(lambda request: (get(request) or b"") not in (b"", b"0"), _steady(variable))


def equals(variable: Variable, value: Template, wanted: bool) -> Condition:
    """``=``, or ``!=`` if not ``wanted``."""
    get, render = variable.get, value.render
    return Condition(
        lambda request: ((get(request) or b"") == render(request)) is wanted, _steady(variable) and _steady(value)
    )


def _steady(value: Variable | Template) -> bool:
    return value.depends < Depends.REQUEST


def matches(variable: Variable, regex: re.Pattern[bytes], wanted: bool) -> Condition:
    """``~``, or ``!~`` if not ``wanted``; ``$1`` is what it captured either way."""
    get = variable.get
    steady = _steady(variable)

    def test(request: Request) -> bool:
        # what a route remembers may be made of captures, if these are always the same for its head
        request.moved = request.moved or not steady
        if match := regex.search(get(request) or b""):
            matched(request, match)
        else:
            not_matched(request)
        return (match is not None) is wanted

    return Condition(test, steady)


def is_file(path: Template, letter: str, wanted: bool) -> Condition:
    """``-f``, ``-d``, ``-e``, ``-x``, or these with a ``!`` if not ``wanted``."""
    render, passes = path.render, FILE_TESTS[letter]

    def test(request: Request) -> bool:
        name = render(request)
        try:
            found = passes(request.location.files.look(request, name).st_mode)
        except ValueError:  # a NUL
            found = False
        except OSError as error:
            found = False
            if error.errno not in MISSING:
                request.complain(CRIT, failed("stat", name, error))
        return found is wanted

    return Condition(test, False)
