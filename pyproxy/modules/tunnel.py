"""ngx_http_tunnel_module: CONNECT, for clients that use us as their proxy."""

from __future__ import annotations

from pyproxy.config.schema import Context, Module, Spec
from pyproxy.config.scope import Scope
from pyproxy.config.tree import ConfigError, Directive
from pyproxy.core.location import Location
from pyproxy.core.variables import Template
from pyproxy.upstream.directives import connecting, connecting_options
from pyproxy.upstream.target import Targets
from pyproxy.upstream.tunnel_handler import TunnelHandler

WHERE_THE_CLIENT_SAYS = "$host:$request_port"


def _tunnel_pass(directive: Directive, scope: Scope) -> tuple[Template, Directive]:
    return scope.template(directive.args[0] if directive.args else WHERE_THE_CLIENT_SAYS), directive


def _compile(scope: Scope, location: Location) -> None:
    to: tuple[Template, Directive] | None = scope.of_location("tunnel_pass")
    if to is None:
        return
    address, directive = to
    location.server.allow_connect = True
    targets = Targets(scope.site, directive.source, scope.get("resolver"))
    options = connecting_options(scope, "tunnel_")
    try:
        location.content = TunnelHandler(address, targets, options, scope.get("resolver_timeout"))
    except ValueError as error:
        raise ConfigError(f"`tunnel_pass`: {error}", directive.source) from error


MODULE = Module(
    name="tunnel",
    directives=(
        Spec(
            "tunnel_pass",
            Context.SERVER | Context.LOCATION,
            _tunnel_pass,
            (0, 1),
            summary="The server that CONNECT leads to (default: the one that the client names).",
        ),
        *connecting("tunnel_", ("error", "timeout", "off")),
    ),
    location=_compile,
)
