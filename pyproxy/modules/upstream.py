"""ngx_http_upstream_module: groups of servers, and the ``$upstream_*`` variables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyproxy.config import values
from pyproxy.config.schema import MANY, Context, Module, Spec, number, seconds
from pyproxy.config.scope import Scope
from pyproxy.config.tree import ConfigError, Directive, Source
from pyproxy.config.values import Address
from pyproxy.core.request import Request
from pyproxy.core.site import Site
from pyproxy.core.variables import Getter, Variable, VariableFamily
from pyproxy.upstream.attempt import Attempt
from pyproxy.upstream.exchange import Exchange
from pyproxy.upstream.group import Group, Keepalive
from pyproxy.upstream.peer import Peer
from pyproxy.upstream.resolve import resolve

UPSTREAM = Context.UPSTREAM
PARAMETERS = ("weight=", "max_fails=", "max_conns=", "fail_timeout=", "backup", "down")
"""What may follow the address of a ``server``."""


def _server(directive: Directive, scope: Scope) -> tuple[Address, dict[str, Any], Directive]:
    address = values.server_address(directive.args[0])
    options: dict[str, Any] = {}
    for option in directive.args[1:]:
        name, equals, value = option.partition("=")
        if name in ("weight", "max_fails", "max_conns") and equals:
            options[name] = values.number(value)
            if name == "weight" and not options[name]:
                raise ValueError("weight=0 is invalid, mark the server as down instead")
        elif name == "fail_timeout" and equals:
            options[name] = values.seconds(value)
        elif option in ("backup", "down"):
            options[option] = True
        elif name in ("resolve", "service", "slow_start", "route", "drain"):
            raise ValueError(f'parameter "{name}" is known to nginx, but not supported by pyproxy yet')
        else:
            raise values.unknown_parameter(option, PARAMETERS)
    return address, options, directive


def _keepalive(directive: Directive, scope: Scope) -> int:
    count, *rest = directive.args
    if rest not in ([], ["local"]):
        raise ValueError(f'invalid parameter "{rest[0]}", expected "local"')
    return values.number(count)


def _name(directive: Directive, scope: Scope) -> str:
    return directive.args[0]


def _zone(directive: Directive, scope: Scope) -> tuple[str, int | None]:
    name, *length = directive.args
    if not name:
        raise ValueError("a zone has a name")
    return name, values.zone_size(name, length[0]) if length else None


def _check_zones(upstreams: list[Scope]) -> None:
    """Several groups may share a zone; one of them says how large it is."""
    sizes: dict[str, int] = {}
    for upstream in upstreams:
        for name, length in upstream.get("zone"):
            if length is not None and sizes.setdefault(name, length) != length:
                raise ConfigError(f'zone "{name}" has two sizes', upstream.directive.source)
    for upstream in upstreams:
        for name, _ in upstream.get("zone"):
            if name not in sizes:
                raise ConfigError(f'zone "{name}" has no size, expected one such as 64k', upstream.directive.source)


def _site(scope: Scope, site: Site) -> None:
    upstreams = [child for child in scope.children if child.directive.name == "upstream"]
    _check_zones(upstreams)
    places: dict[str, Source] = {}
    for child in upstreams:
        # URLs name a group without regard to case
        name = child.match.lower()
        source = child.directive.source
        if name in places:
            raise ConfigError(f'duplicate upstream "{name}", it stands in {places[name]} already', source)
        places[name] = source
        servers = child.own("server")
        if not servers:
            raise ConfigError(f'no servers are inside upstream "{name}"', source)
        keepalive = Keepalive(
            child.get("keepalive"),
            child.get("keepalive_requests"),
            child.get("keepalive_time"),
            child.get("keepalive_timeout"),
        )
        peers = [
            peer
            for address, options, directive in servers
            for peer in _peers(address, options, directive, keepalive, site)
        ]
        if all(peer.backup for peer in peers):
            raise ConfigError(f'all servers of upstream "{name}" are backups', source)
        site.upstreams[name] = group = Group(child.match, peers, keepalive)
        site.closers.append(group.close)


def _peers(
    address: Address, options: dict[str, Any], directive: Directive, keepalive: Keepalive, site: Site
) -> list[Peer]:
    peers = []
    for resolved in resolve(address, site.warnings, directive.source):
        peer = Peer(resolved, keepalive)
        for name, value in options.items():
            setattr(peer, name, value)
        peer.effective_weight = peer.weight
        peers.append(peer)
    return peers


def _exchanges(request: Request) -> list[Exchange]:
    """Every exchange of the request, the first one first: an internal redirect may lead to another."""
    found: list[Exchange] = []
    exchange: Exchange | None = request.upstream
    while exchange is not None:
        found.append(exchange)
        exchange = exchange.before
    return found[::-1]


def _attempts(show: Callable[[Attempt, Exchange], str]) -> Getter:
    """One value for every server that was asked, as nginx lists them: ``a, b : c``."""

    def get(request: Request) -> bytes | None:
        if request.upstream is None:
            return None
        exchanges = (
            ", ".join([show(attempt, exchange) for attempt in exchange.attempts])
            for exchange in _exchanges(request)
            if exchange.attempts
        )
        return " : ".join(exchanges).encode() or None

    return get


def _seconds(start: str, end: str) -> Getter:
    def show(attempt: Attempt, exchange: Exchange) -> str:
        at = getattr(attempt, end)
        return f"{max(0.0, at - getattr(attempt, start)):.3f}" if at >= 0 else "-"

    return _attempts(show)


def _sent(attempt: Attempt, exchange: Exchange) -> str:
    return str(len(exchange.block) + attempt.sent if attempt.connected >= 0 else 0)


def _upstream_header(name: str) -> Getter:
    wanted = name.replace("_", "-").encode()

    def get(request: Request) -> bytes | None:
        head = request.upstream.head if request.upstream is not None else None
        return b", ".join(head.fields.get_all(wanted)) or None if head is not None else None

    return get


def _upstream_trailer(name: str) -> Getter:
    wanted = name.replace("_", "-").encode()

    def get(request: Request) -> bytes | None:
        notes = request.upstream.notes if request.upstream is not None else None
        pairs = notes.trailers if notes is not None else ()
        return b", ".join(value for lower, _, value in pairs if lower == wanted) or None

    return get


def _upstream_cookie(name: str) -> Getter:
    wanted = name.encode()

    def get(request: Request) -> bytes | None:
        head = request.upstream.head if request.upstream is not None else None
        for cookie in head.fields.get_all(b"set-cookie") if head is not None else ():
            key, equals, value = cookie.partition(b"=")
            if equals and key.rstrip(b" ").lower() == wanted:
                return bytes(value.lstrip(b" ").partition(b";")[0])
        return None

    return get


MODULE = Module(
    name="upstream",
    directives=(
        Spec("upstream", Context.HTTP, _name, repeat=True, block=UPSTREAM, summary="A group of servers."),
        Spec("server", UPSTREAM, _server, (1, MANY), repeat=True, summary="A server of the group."),
        Spec("keepalive", UPSTREAM, _keepalive, (1, 2), default=32, summary="Idle connections kept to each server."),
        number("keepalive_requests", UPSTREAM, 1000, "The most requests on one kept connection."),
        seconds("keepalive_time", UPSTREAM, 3600.0, "The longest life of a kept connection."),
        seconds("keepalive_timeout", UPSTREAM, 60.0, "How long a kept connection may be idle."),
        Spec(
            "zone",
            UPSTREAM,
            _zone,
            (1, 2),
            repeat=True,
            default=(),
            summary="Accepted; each worker counts for itself, so far.",
        ),
    ),
    variables=(
        Variable("upstream_addr", _attempts(lambda attempt, exchange: attempt.peer.name)),
        Variable("upstream_status", _attempts(lambda attempt, exchange: str(attempt.status or "-"))),
        Variable("upstream_connect_time", _seconds("started", "connected")),
        Variable("upstream_header_time", _seconds("started", "headed")),
        Variable("upstream_response_time", _seconds("started", "ended")),
        Variable("upstream_response_length", _attempts(lambda attempt, exchange: str(attempt.received))),
        Variable(
            "upstream_bytes_received",
            _attempts(lambda attempt, exchange: str(attempt.bytes)),
        ),
        Variable("upstream_bytes_sent", _attempts(_sent)),
        Variable("upstream_cache_status", lambda request: None),
        VariableFamily("upstream_http_", _upstream_header),
        VariableFamily("upstream_trailer_", _upstream_trailer),
        VariableFamily("upstream_cookie_", _upstream_cookie),
    ),
    site=_site,
)
