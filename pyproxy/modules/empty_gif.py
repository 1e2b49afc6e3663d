"""ngx_http_empty_gif_module: a transparent picture of one pixel."""

from __future__ import annotations

from pyproxy.config.schema import Context, Module, Spec
from pyproxy.config.scope import Scope
from pyproxy.core.location import Location
from pyproxy.core.outcome import DONE, Outcome
from pyproxy.core.request import Request
from pyproxy.core.response import Response

PICTURE = bytes.fromhex(
    "474946383961 01000100 800100 000000 ffffff 21f904 01000001 00 2c 00000000 01000100 00 02 02 4c01 00 3b"
)
MODIFIED = b"Mon, 28 Sep 1970 06:00:00 GMT"

_METHODS = frozenset({b"GET", b"HEAD"})


def _handle(request: Request) -> Outcome:
    if request.method not in _METHODS:
        return 405
    response = Response(200, [(b"Content-Type", b"image/gif"), (b"Last-Modified", MODIFIED)], len(PICTURE))
    request.respond(response, PICTURE)
    return DONE


def _compile(scope: Scope, location: Location) -> None:
    if scope.own("empty_gif") is not None:
        location.content = _handle


MODULE = Module(
    name="empty_gif",
    directives=(
        Spec("empty_gif", Context.LOCATION, lambda directive, scope: True, (0, 0), summary="Answer with an empty GIF."),
    ),
    location=_compile,
)
