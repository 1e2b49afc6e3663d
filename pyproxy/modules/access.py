"""ngx_http_access_module: ``allow`` and ``deny`` by the client's address."""

from __future__ import annotations

from dataclasses import dataclass

from pyproxy.config.schema import ANYWHERE, Module, Spec
from pyproxy.config.scope import Scope
from pyproxy.config.tree import Directive
from pyproxy.core.addresses.networks import Network, parse_address, parse_network
from pyproxy.core.location import Location, Phase
from pyproxy.core.logs.log import ERROR
from pyproxy.core.outcome import GRANTED, Outcome
from pyproxy.core.request import Request


@dataclass(frozen=True, slots=True)
class _Rule:
    network: Network | None
    """None for all, or for what comes through unix sockets."""
    unix: bool
    outcome: Outcome


def _rule(directive: Directive, scope: Scope) -> _Rule:
    outcome = GRANTED if directive.name == "allow" else 403
    text = directive.args[0]
    if text == "all":
        return _Rule(None, False, outcome)
    if text == "unix:":
        return _Rule(None, True, outcome)
    network = parse_network(text)
    if not network.exact:
        scope.site.warnings.append(f"low address bits of {text} are meaningless in {directive.source}")
    return _Rule(network, False, outcome)


def _compile(scope: Scope, location: Location) -> None:
    rules: list[_Rule] = scope.get("allow")
    if not rules:
        return

    def check(request: Request) -> Outcome:
        address = parse_address(request.stream.remote_addr)
        for rule in rules:
            if rule.network is None:
                applies = not rule.unix or address is None
            else:
                applies = address is not None and rule.network.has(address)
            if applies:
                if rule.outcome is not GRANTED and not request.location.satisfy_any:
                    request.complain(ERROR, "access forbidden by rule")
                return rule.outcome
        return None

    location.add_handler(Phase.ACCESS, check)


MODULE = Module(
    name="access",
    order=10,
    directives=(
        Spec("allow", ANYWHERE, _rule, into="allow", default=(), summary="Clients that may: all, a network, or unix:."),
        Spec("deny", ANYWHERE, _rule, into="allow", default=(), summary="Clients that may not; the first rule counts."),
    ),
    location=_compile,
)
