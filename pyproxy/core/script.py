"""The directives of ngx_http_rewrite_module at work: the steps of a server or location, in the order written."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol

from pyproxy.core import phases
from pyproxy.core.captures import matched, not_matched
from pyproxy.core.logs.log import ERROR, NOTICE
from pyproxy.core.outcome import DONE, Handler, Outcome
from pyproxy.core.redirect import location_field
from pyproxy.core.request import REWRITTEN, REWRITTEN_HERE, Request
from pyproxy.core.uri import escape_args, escape_line_ends, unescape_redirect
from pyproxy.core.variables import Depends

if TYPE_CHECKING:
    from pyproxy.core.condition import Condition
    from pyproxy.core.location import Location
    from pyproxy.core.variables import Template, Variable


class Run:
    """One run of a script."""

    __slots__ = ("changed", "log", "outcome")

    def __init__(self, log: bool) -> None:
        self.log = log
        """``rewrite_log``"""
        self.changed = False
        """Whether the URI has changed so that a location must be looked up again."""
        self.outcome: Outcome = None


class Step(Protocol):
    """One directive."""

    @property
    def steady(self) -> bool:
        """Whether it always does the same for one head: then so does what comes after it."""

    def __call__(self, request: Request, run: Run) -> bool:
        """Do its part; True if the script is over."""


class Script:
    """All steps of one level; a handler of the rewrite phases."""

    def __init__(self, steps: tuple[Step, ...], of_server: bool, log: bool) -> None:
        """``of_server``: after it the location is looked up anyhow."""
        self._steps = steps
        self._of_server = of_server
        self._log = log
        self.steady = all(step.steady for step in steps)
        """Whether it leads every request of one head to the same place: such a request has not moved, and what its
        route remembers is true of that place."""

    def __call__(self, request: Request) -> Outcome:
        run = Run(self._log)
        location, moved = request.location, request.moved
        for step in self._steps:
            if step(request, run):
                break
        if self.steady:
            request.moved = moved
        if run.outcome is not None or self._of_server:
            return run.outcome
        if run.changed:
            return phases.rewritten(request)
        if request.location is not location:
            return phases.go_through(request, request.location)
        return None


class If:
    """``if``: steps of its own, and in a location another configuration for what comes after the script."""

    def __init__(self, condition: Condition) -> None:
        self._condition = condition
        self.location: Location | None = None
        self.steps: tuple[Step, ...] = ()

    @property
    def steady(self) -> bool:
        """If both its condition and its steps are."""
        return self._condition.steady and all(step.steady for step in self.steps)

    def __call__(self, request: Request, run: Run) -> bool:
        if not self._condition.holds(request):
            return False
        if self.location is not None:
            request.location = self.location
            request.moved = True
        return any(step(request, run) for step in self.steps)


class Rewrite:
    """``rewrite``. ``status``: of the redirect that it is, 0 for a change of the URI inside the server."""

    def __init__(
        self, regex: re.Pattern[bytes], pattern: str, replacement: Template, status: int, keep_args: bool, flag: str
    ) -> None:
        self._regex = regex
        self._pattern = pattern
        self._status = status
        self._keep_args = keep_args
        self._break = flag == "break"
        self._last = bool(flag or status)
        # the first `?` as written begins the arguments; one in a variable's value is just a character
        self._uri, self._args = (replacement.parts, None) if status else _split(replacement.parts)
        self._names_args = any(isinstance(part, bytes) and b"?" in part for part in replacement.parts)
        # its captures are its own match's, unless another part of the replacement tries an expression, too
        self.steady = all(
            part.depends < Depends.REQUEST
            for part in replacement.parts
            if not isinstance(part, bytes) and not part.name.isdigit()
        )

    def __call__(self, request: Request, run: Run) -> bool:
        match = self._regex.search(request.uri)
        if match is None:
            if run.log:
                request.complain(NOTICE, f'"{self._pattern}" does not match "{_shown(request.uri)}"')
            not_matched(request)
            return False
        if run.log:
            request.complain(NOTICE, f'"{self._pattern}" matches "{_shown(request.uri)}"')
        matched(request, match)
        if self._status:
            return self._redirect(request, run)
        return self._change(request, run)

    def _redirect(self, request: Request, run: Run) -> bool:
        target = unescape_redirect(_render(request, self._uri, True))
        if self._keep_args and request.args:
            target += (b"&" if self._names_args else b"?") + request.args
        if run.log:
            request.complain(NOTICE, f'rewritten redirect: "{_shown(target)}"')
        phases.finalize(request, self._status, (location_field(request, self._status, escape_line_ends(target)),))
        run.outcome = DONE
        return True

    def _change(self, request: Request, run: Run) -> bool:
        request.internal = request.moved = True
        request.rewritten = REWRITTEN_HERE if self._break else max(request.rewritten, REWRITTEN)
        run.changed = not self._break
        uri = _render(request, self._uri, False)
        if self._args is not None:
            args = _render(request, self._args, True)
            request.args = args + b"&" + request.args if self._keep_args and request.args else args
        elif not self._keep_args:
            request.args = b""
        if run.log:
            request.complain(NOTICE, f'rewritten data: "{_shown(uri)}", args: "{_shown(request.args)}"')
        if not uri:
            request.complain(ERROR, "the rewritten URI has a zero length")
            run.outcome = 500
            return True
        request.uri = uri
        return self._last


class Set:
    """``set``. Whatever asks for the variable later is not steady, but that is for the asker to say."""

    def __init__(self, variable: Variable, value: Template) -> None:
        self._name = variable.name
        self._own_setter = variable.set
        self._render = value.render
        self.steady = variable.set is None or value.depends < Depends.REQUEST

    def __call__(self, request: Request, run: Run) -> bool:
        if self._own_setter is not None:
            self._own_setter(request, self._render(request))
        else:
            request.set_variable(self._name, self._render(request))
        return False


class Break:
    """``break``."""

    steady = True

    def __call__(self, request: Request, run: Run) -> bool:
        if run.changed:
            request.rewritten = REWRITTEN_HERE
            run.changed = False
        return True


class Return:
    """``return``."""

    steady = True

    def __init__(self, handler: Handler) -> None:
        self._handler = handler

    def __call__(self, request: Request, run: Run) -> bool:
        run.outcome = self._handler(request)
        return True


_Parts = list["bytes | Variable"]


def _split(parts: _Parts) -> tuple[_Parts, _Parts | None]:
    for place, part in enumerate(parts):
        if isinstance(part, bytes) and b"?" in part:
            uri, _, args = part.partition(b"?")
            return [*parts[:place], uri], [args, *parts[place + 1 :]]
    return parts, None


def _render(request: Request, parts: _Parts, quote: bool) -> bytes:
    """``quote``: captures of a URI that came escaped are escaped again, where their place asks for that."""
    if quote:
        path = request.head.target.partition(b"?")[0]
        quote = b"%" in path or b"+" in path
    values = []
    for part in parts:
        if isinstance(part, bytes):
            values.append(part)
        else:
            value = part.get(request) or b""
            values.append(escape_args(value) if quote and part.name.isdigit() else value)
    return b"".join(values)


def _shown(data: bytes) -> str:
    return data.decode("utf-8", "backslashreplace")
