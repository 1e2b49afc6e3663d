"""ngx_http_stub_status_module: how many connections there are, and what they do."""

from __future__ import annotations

from collections.abc import Callable

from pyproxy.config.schema import Context, Module, Spec
from pyproxy.config.scope import Scope
from pyproxy.config.tree import Directive
from pyproxy.core.counters import Totals
from pyproxy.core.location import Location
from pyproxy.core.outcome import DONE, Outcome
from pyproxy.core.request import Request
from pyproxy.core.response import Response
from pyproxy.core.variables import Variable


def _answer(request: Request) -> Outcome:
    if request.method not in (b"GET", b"HEAD"):
        return 405
    totals = _totals(request)
    body = (
        b"Active connections: %d \n"
        b"server accepts handled requests\n"
        b" %d %d %d \n"
        b"Reading: %d Writing: %d Waiting: %d \n" % (*totals, totals.waiting)
    )
    request.respond(Response(200, [(b"Content-Type", b"text/plain")], len(body)), body)
    return DONE


def _totals(request: Request) -> Totals:
    return request.stream.worker.counters.totals()


def _variable(name: str, number: Callable[[Totals], int]) -> Variable:
    return Variable(f"connections_{name}", lambda request: b"%d" % number(_totals(request)))


def _active(request: Request) -> bytes:
    return b"%d" % request.stream.worker.counters.active


def _compile(scope: Scope, location: Location) -> None:
    if scope.own("stub_status"):
        location.content = _answer


def _stub_status(directive: Directive, scope: Scope) -> bool:
    return True


MODULE = Module(
    name="stub_status",
    directives=(
        Spec(
            "stub_status",
            Context.SERVER | Context.LOCATION,
            _stub_status,
            (0, 1),
            summary="Answer with the numbers of connections and requests.",
        ),
    ),
    variables=(
        Variable("connections_active", _active),
        _variable("reading", lambda totals: totals.reading),
        _variable("writing", lambda totals: totals.writing),
        _variable("waiting", lambda totals: totals.waiting),
    ),
    location=_compile,
)
