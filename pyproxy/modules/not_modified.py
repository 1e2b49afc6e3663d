"""ngx_http_not_modified_filter_module: conditional requests. The first of the header filters."""

from __future__ import annotations

from pyproxy.config import values
from pyproxy.config.schema import ANYWHERE, Module, Scope, Spec
from pyproxy.config.tree import Directive
from pyproxy.core import conditional, phases
from pyproxy.core.filters.chain import Refused
from pyproxy.core.location import Location
from pyproxy.core.request import Request, Response


def _if_modified_since(directive: Directive, scope: Scope) -> str:
    return values.choice(directive.args[0], conditional.MODES)


def _compile(scope: Scope, location: Location) -> None:
    mode: str = scope.get("if_modified_since")

    def check(request: Request, response: Response) -> None:
        if response.status != 200 or response.disable_not_modified:
            return
        status = conditional.evaluate(request.head.fields, response.etag, response.modified, mode)
        if status == conditional.PRECONDITION_FAILED:
            request.give_up()
            phases.finalize(request, status)
            raise Refused
        if status == conditional.NOT_MODIFIED:
            response.status, response.reason, response.length = status, b"", None
            response.allow_ranges = False
            response.remove(b"accept-ranges")
            response.remove(b"content-type")
            response.remove(b"content-encoding")

    location.add_filter(check, conditional=True)


MODULE = Module(
    name="not_modified",
    directives=(
        Spec(
            "if_modified_since",
            ANYWHERE,
            _if_modified_since,
            default=conditional.EXACT,
            summary="How If-Modified-Since compares: off, exact or before.",
        ),
    ),
    location=_compile,
    order=10,
)
