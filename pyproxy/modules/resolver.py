"""ngx_http_core_module: resolver and resolver_timeout."""

from __future__ import annotations

from pyproxy.config import values
from pyproxy.config.schema import ANYWHERE, MANY, Module, Spec, seconds
from pyproxy.config.scope import Scope
from pyproxy.config.tree import Directive
from pyproxy.upstream.resolve import resolve
from pyproxy.upstream.resolver import Resolver


def _resolver(directive: Directive, scope: Scope) -> Resolver:
    servers: list[tuple[str, int]] = []
    valid: float | None = None
    families = {"ipv4": True, "ipv6": True}
    for arg in directive.args:
        name, equals, value = arg.partition("=")
        if name == "valid" and equals:
            valid = values.time(value)
        elif name in families and equals:
            families[name] = values.flag(value)
        elif name == "status_zone" and equals:
            raise ValueError('parameter "status_zone" is known to nginx, but not supported by pyproxy yet')
        else:
            address = values.server_address(arg, 53)
            servers += [(each.host, each.port) for each in resolve(address, scope.site.warnings, directive.source)]
    if not servers:
        raise ValueError("no name servers defined")
    if not any(families.values()):
        raise ValueError('"ipv4" and "ipv6" cannot both be "off"')
    return Resolver(servers, valid, **families)


MODULE = Module(
    name="resolver",
    directives=(
        Spec(
            "resolver",
            ANYWHERE,
            _resolver,
            (1, MANY),
            summary="DNS servers for the names in proxy_pass with variables (default: the system's).",
        ),
        seconds("resolver_timeout", ANYWHERE, 30.0, "How long a request waits for an address."),
    ),
)
