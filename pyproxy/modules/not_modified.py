"""ngx_http_not_modified_filter_module: conditional requests. The first of the header filters."""

from __future__ import annotations

from pyproxy.config.schema import ANYWHERE, Module, choice
from pyproxy.config.scope import Scope
from pyproxy.core import conditional, phases
from pyproxy.core.filters.chain import Refused
from pyproxy.core.location import Location
from pyproxy.core.request import Request
from pyproxy.core.response import Response


def _compile(scope: Scope, location: Location) -> None:
    mode: str = scope.get("if_modified_since")

    def check(request: Request, response: Response) -> None:
        if response.status != 200 or response.disable_not_modified:
            return
        status = conditional.evaluate(request.head.fields, response.etag, response.modified, mode)
        if status == conditional.PRECONDITION_FAILED:
            request.give_up()
            # as in nginx, what refuses begins anew
            request.carried = None
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
        choice(
            "if_modified_since",
            ANYWHERE,
            conditional.MODES,
            conditional.EXACT,
            "How If-Modified-Since compares: off, exact or before.",
        ),
    ),
    location=_compile,
    order=10,
)
