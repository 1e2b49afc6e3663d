"""ngx_http_core_module, limit_except: another configuration of a location, for all methods but some."""

from __future__ import annotations

from pyproxy.config import values
from pyproxy.config.schema import MANY, Context, Module, Spec
from pyproxy.config.scope import Scope
from pyproxy.config.tree import Directive
from pyproxy.core import phases
from pyproxy.core.location import Location, Phase
from pyproxy.core.outcome import Outcome
from pyproxy.core.request import Request

METHODS = (
    *("GET", "HEAD", "POST", "PUT", "DELETE", "MKCOL", "COPY", "MOVE"),
    *("OPTIONS", "PROPFIND", "PROPPATCH", "LOCK", "UNLOCK", "PATCH"),
)


def _limit_except(directive: Directive, scope: Scope) -> frozenset[bytes]:
    methods = {values.choice(method.upper(), METHODS) for method in directive.args}
    if "GET" in methods:
        methods.add("HEAD")
    return frozenset(method.encode() for method in methods)


def _compile(scope: Scope, location: Location) -> None:
    for child in scope.children:
        if child.context is Context.LIMIT_EXCEPT:
            assert child.location is not None
            _limit(location, child.block, child.location)


def _limit(location: Location, methods: frozenset[bytes], others: Location) -> None:
    def choose(request: Request) -> Outcome:
        return None if request.method in methods else phases.go_through(request, others)

    # before `rewrite`, which belongs to the methods that are not limited
    location.add_handler(Phase.REWRITE, choose)


MODULE = Module(
    name="limit_except",
    order=5,
    directives=(
        Spec(
            "limit_except",
            Context.LOCATION,
            _limit_except,
            (1, MANY),
            block=Context.LIMIT_EXCEPT,
            summary="Access rules for all methods but these (GET includes HEAD).",
        ),
    ),
    location=_compile,
)
