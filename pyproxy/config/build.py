"""The tree becomes the site: every directive checked and valued, every location compiled. Opens no socket."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pyproxy.config.schema import Context, Schema, Scope, Spec
from pyproxy.config.tree import ConfigError, Directive, Source
from pyproxy.config.values import Address
from pyproxy.core.log import Logs
from pyproxy.core.regex import compile_regex
from pyproxy.core.routing import Locations, ServerNames
from pyproxy.core.site import Listen, Listener, Location, Server, Site
from pyproxy.core.variables import Variables


@dataclass(frozen=True, slots=True)
class LocationMatch:
    """What a ``location`` matches: ``kind`` is ``=``, ``^~``, ``~``, ``~*``, ``@`` or empty for a prefix."""

    kind: str
    text: str


def build(directives: Sequence[Directive], schema: Schema, prefix: str, logs: Logs, file: str) -> Site:
    """Compile a configuration. ``prefix`` is where relative paths count from. Raises ConfigError."""
    source = Source(file, 1)
    root = Directive("main", (), tuple(directives), source)
    variables = schema.variables()
    _declare(directives, schema, variables)
    site = Site(os.path.abspath(prefix), logs)
    main = Scope(Context.MAIN, root, None, site, schema.specs, variables)
    _fill(main, schema)
    http = next((scope for scope in main.children if scope.directive.name == "http"), None)
    if http is None:
        http = Scope(Context.HTTP, Directive("http", (), (), source), main, site, schema.specs, variables)
    for module in schema.modules:
        if module.site:
            module.site(http, site)
    for scope in http.children:
        if scope.directive.name == "server":
            site.servers.append(_server(scope, schema))
    site.listeners = _listeners(site)
    site.programs = [directive for directive in directives if directive.name in ("program", "group")]
    return site


def _declare(directives: Sequence[Directive], schema: Schema, variables: Variables) -> None:
    """Let every variable that a directive makes be known before any template is compiled."""
    for top in directives:
        for directive in top.walk():
            for spec in schema.specs.get(directive.name, ()):
                if spec.declares:
                    for variable in spec.declares(directive):
                        variables.add(variable)


def _fill(scope: Scope, schema: Schema) -> None:
    """Value every directive of one level, and the levels inside it."""
    for directive in scope.directive.children or ():
        spec = schema.find(directive, scope.context)
        if spec.block is not None:
            child = Scope(spec.block, directive, scope, scope.site, schema.specs, scope.variables)
            child.match = _value(spec, directive, scope)
            scope.children.append(child)
            _fill(child, schema)
            continue
        value = _value(spec, directive, scope)
        if spec.repeat:
            scope.values.setdefault(spec.name, []).append(value)
        elif spec.name in scope.values:
            raise ConfigError(f"`{spec.name}` is a duplicate: it is set in this block already", directive.source)
        else:
            scope.values[spec.name] = value
            if spec.is_time and value:
                scope.site.shortest_timeout = min(scope.site.shortest_timeout, value)


def _value(spec: Spec, directive: Directive, scope: Scope) -> Any:
    try:
        return spec.parse(directive, scope)
    except ValueError as error:
        raise ConfigError(f"`{directive.name}`: {error}", directive.source) from error


def _server(scope: Scope, schema: Schema) -> Server:
    server = Server(scope.directive.source)
    for module in schema.modules:
        if module.server:
            module.server(scope, server)
    server.default_location = _location(Location(server, "", scope.directive.source), scope, schema)
    server.locations = _locations(scope, server, None, schema)
    return server


def _locations(scope: Scope, server: Server, parent: Location | None, schema: Schema) -> Locations:
    table = Locations()
    seen: dict[tuple[bool, str], Source] = {}
    for child in scope.children:
        if child.directive.name != "location":
            continue
        match = child.match
        assert isinstance(match, LocationMatch)
        source = child.directive.source
        # an exact and a prefix location of one path may stand side by side, any other repetition is a mistake
        key = (match.kind == "=", match.text)
        if match.kind not in ("~", "~*") and key in seen:
            raise ConfigError(f'duplicate location "{match.text}", it stands in {seen[key]} already', source)
        seen[key] = source
        location = Location(server, match.text, source)
        _place(table, location, match, parent)
        _location(location, child, schema)
        nested = _locations(child, server, location, schema)
        if nested.exact or nested.prefixes or nested.regexes:
            location.nested = nested
        server.locations.named.update(nested.named)
    table.seal()
    if parent is None:
        table.named.update(server.locations.named)
    return table


def _place(table: Locations, location: Location, match: LocationMatch, parent: Location | None) -> None:
    location.path = match.text.encode("utf-8", "surrogateescape")
    if match.kind == "@":
        if parent is not None:
            raise ConfigError(f'named location "@{match.text}" can be on the server level only', location.source)
        table.named[match.text] = location
    elif match.kind in ("~", "~*"):
        try:
            location.regex = compile_regex(match.text, match.kind == "~*")
        except ValueError as error:
            raise ConfigError(str(error), location.source) from error
        table.regexes.append(location)
    else:
        if parent is not None and parent.regex is None and not location.path.startswith(parent.path):
            raise ConfigError(f'location "{location.name}" is outside location "{parent.name}"', location.source)
        location.no_regex = match.kind == "^~"
        if match.kind == "=":
            table.exact[location.path] = location
        else:
            table.prefixes.append(location)


def _location(location: Location, scope: Scope, schema: Schema) -> Location:
    for module in schema.modules:
        if module.location:
            module.location(scope, location)
    location.seal()
    return location


def _listeners(site: Site) -> list[Listener]:
    """Every address once, its servers named; particular addresses behind the wildcard of their port."""
    listeners: dict[Address, Listener] = {}
    defaults: dict[Address, Listen] = {}
    for server in site.servers:
        for listen in server.listens:
            listener = listeners.get(listen.address)
            if listener is None:
                names = ServerNames(server)
                listener = listeners[listen.address] = Listener(listen.address, names, listen.options, listen.source)
            elif listen.options:
                listener.options.update(listen.options)
            if listen.default_server:
                if listen.address in defaults:
                    where = defaults[listen.address].source
                    raise ConfigError(f"a duplicate default server for {listen.address}, see {where}", listen.source)
                defaults[listen.address] = listen
                listener.names.default = server
            for name in server.names:
                if not listener.names.add(name, server):
                    site.warnings.append(f'conflicting server name "{name}" on {listen.address}, ignored')
    return list(_bound(listeners))


def _bound(listeners: dict[Address, Listener]) -> Iterator[Listener]:
    for address, listener in listeners.items():
        wildcard = listeners.get(Address("0.0.0.0" if ":" not in address.host else "::", address.port))
        if address.path is None and wildcard is not None and wildcard is not listener:
            wildcard.particular[address.host.encode()] = listener
        else:
            yield listener
