"""ngx_http_core_module, the pace of answers: limit_rate and limit_rate_after."""

from __future__ import annotations

from pyproxy.config import values
from pyproxy.config.schema import ANYWHERE, Module, size_template
from pyproxy.config.scope import Scope
from pyproxy.core.location import Location
from pyproxy.core.logs.log import ERROR
from pyproxy.core.request import Request
from pyproxy.core.response import Response
from pyproxy.core.throttle import limit_rate, throttle
from pyproxy.core.variables import Template, Variable


def _bytes(request: Request, text: Template | None) -> int:
    if text is None:
        return 0
    value = text.render(request).decode("utf-8", "backslashreplace")
    try:
        return values.size(value)
    except ValueError:
        request.complain(ERROR, f'invalid size "{value}"')
        return 0


def _compile(scope: Scope, location: Location) -> None:
    rate: Template | None = scope.get("limit_rate")
    after: Template | None = scope.get("limit_rate_after")
    if rate is None and after is None:
        return

    def limit(request: Request, response: Response) -> None:
        if not request.is_main:
            return
        already = limit_rate(request)
        pace = _bytes(request, rate) if already is None else already
        throttle(request, pace, _bytes(request, after) if pace else 0)

    location.add_filter(limit, varies=lambda response: True)


def _set_limit_rate(request: Request, value: bytes) -> None:
    try:
        throttle(request, values.size(value.decode("utf-8", "backslashreplace")))
    except ValueError:
        request.complain(ERROR, f'invalid $limit_rate "{value.decode("utf-8", "backslashreplace")}"')


MODULE = Module(
    name="limit_rate",
    order=95,
    directives=(
        size_template("limit_rate", ANYWHERE, "Bytes per second of an answer; 0: as fast as it goes."),
        size_template("limit_rate_after", ANYWHERE, "Bytes of an answer that limit_rate leaves out."),
    ),
    variables=(Variable("limit_rate", lambda request: b"%d" % (limit_rate(request) or 0), set=_set_limit_rate),),
    location=_compile,
)
