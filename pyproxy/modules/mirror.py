"""ngx_http_mirror_module: copies of requests, whose answers nobody waits for."""

from __future__ import annotations

from pyproxy.config.schema import ANYWHERE, Module, Spec, flag
from pyproxy.config.scope import Scope
from pyproxy.config.tree import Directive
from pyproxy.core.ask import send_copy
from pyproxy.core.location import Location, Phase
from pyproxy.core.outcome import Outcome
from pyproxy.core.request import Request
from pyproxy.core.subrequest import Cycle
from pyproxy.core.whole_body import read_whole


class _Mirror:
    """The ``mirror`` directives of one location."""

    def __init__(self, uris: list[bytes], with_body: bool) -> None:
        self._uris = uris
        self._with_body = with_body

    def handle(self, request: Request) -> Outcome:
        """Copies are made when the body is there, if they are to have it."""
        if not request.is_main:
            return None
        if self._with_body and request.stream.body_pending:
            return self._read_first(request)
        return self._send(request)

    async def _read_first(self, request: Request) -> Outcome:
        await read_whole(request)
        return self._send(request)

    def _send(self, request: Request) -> Outcome:
        try:
            for uri in self._uris:
                send_copy(request, uri)
        except Cycle:
            return 500
        return None


def _mirror(directive: Directive, scope: Scope) -> bytes | None:
    uri = directive.args[0]
    before = scope.own("mirror")
    if before and (uri == "off" or None in before):
        raise ValueError('"off" cannot stand beside another one at the same level')
    return None if uri == "off" else uri.encode("utf-8", "surrogateescape")


def _compile(scope: Scope, location: Location) -> None:
    if uris := [uri for uri in scope.get("mirror") if uri is not None]:
        location.add_handler(Phase.PRECONTENT, _Mirror(uris, scope.get("mirror_request_body")).handle)


MODULE = Module(
    name="mirror",
    order=45,
    directives=(
        Spec("mirror", ANYWHERE, _mirror, default=(), repeat=True, summary="A URI that gets a copy of each request."),
        flag("mirror_request_body", ANYWHERE, True, "The copies have the body, which is read whole first."),
    ),
    location=_compile,
)
