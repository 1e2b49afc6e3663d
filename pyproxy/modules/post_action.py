"""ngx_http_core_module, post_action: where a request goes on when its answer has been sent."""

from __future__ import annotations

from pyproxy.config.schema import ANYWHERE, Module, Spec
from pyproxy.config.scope import Scope
from pyproxy.config.tree import Directive
from pyproxy.core.ask import send_after
from pyproxy.core.location import Location
from pyproxy.core.request import Request


def _post_action(directive: Directive, scope: Scope) -> bytes:
    uri = directive.args[0]
    return b"" if uri == "off" else uri.encode("utf-8", "surrogateescape")


def _compile(scope: Scope, location: Location) -> None:
    uri: bytes = scope.get("post_action")
    if not uri:
        return

    def act(request: Request) -> None:
        if request.is_main:
            send_after(request, uri)

    location.log_handlers += (act,)


MODULE = Module(
    name="post_action",
    order=90,
    directives=(
        Spec(
            "post_action",
            ANYWHERE,
            _post_action,
            default=b"",
            summary="A URI or @name that is asked when the answer has been sent; nobody sees what it says.",
        ),
    ),
    location=_compile,
)
