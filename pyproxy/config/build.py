"""The tree becomes the site: every directive checked and valued, every location compiled. Opens no socket."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyproxy.config.schema import INSIDE_LOCATIONS, Context, Schema, Spec
from pyproxy.config.scope import Scope
from pyproxy.config.tree import ConfigError, Directive, ErrorCollection, Source
from pyproxy.config.values import Address
from pyproxy.core.location import Location
from pyproxy.core.logs.log import WARN, Logs
from pyproxy.core.regex.timed import RegexCompiler
from pyproxy.core.routing import Locations, ServerNames
from pyproxy.core.site import Listen, Listener, Server, Site
from pyproxy.core.variables import Deferred, Variable, Variables


@dataclass(frozen=True, slots=True)
class LocationMatch:
    """What a ``location`` matches: ``kind`` is ``=``, ``^~``, ``~``, ``~*``, ``@`` or empty for a prefix."""

    kind: str
    text: str

    def __str__(self) -> str:
        return f"@{self.text}" if self.kind == "@" else self.text


def build(
    directives: Sequence[Directive],
    schema: Schema,
    prefix: str,
    logs: Logs,
    file: str,
    resolved: Mapping[Address, list[Address]] | None = None,
) -> Site:
    """Compile a configuration. ``prefix`` is where relative paths count from. Raises ConfigError, of all that is wrong.

    ``resolved``: what the names in ``listen`` meant to whoever has bound them.
    """
    source = Source(file, 1)
    root = Directive("main", (), tuple(directives), source)
    variables = schema.variables()
    errors = ErrorCollection()
    _declare(root, schema, variables, errors)
    errors.check()
    site = Site(os.path.abspath(prefix), logs)
    site.folder = os.path.dirname(os.path.abspath(file))
    site.resolved.update(resolved or {})
    variables.regex = RegexCompiler(site.warnings.append, lambda message: site.error_log.write(WARN, message))
    try:
        _build(site, root, schema, variables, errors)
    except BaseException:
        site.logs.close()
        raise
    return site


def _build(site: Site, root: Directive, schema: Schema, variables: Variables, errors: ErrorCollection) -> None:
    main = Scope(Context.MAIN, root, None, site, schema.specs, variables)
    _fill(main, schema, errors)
    errors.check()
    http = next((scope for scope in main.children if scope.directive.name == "http"), None)
    if http is None:
        http = Scope(Context.HTTP, Directive("http", (), (), root.source), main, site, schema.specs, variables)
    for module in schema.modules:
        if module.site:
            with errors.collect():
                module.site(http, site)
    errors.check()
    for scope in http.children:
        if scope.directive.name == "server":
            with errors.collect():
                site.servers.append(_server(scope, schema, errors))
    errors.check()
    site.listeners = _listeners(site)
    site.programs = [directive for directive in root.children or () if directive.name in ("program", "group")]


def _declare(root: Directive, schema: Schema, variables: Variables, errors: ErrorCollection) -> None:
    """Let every variable that a directive makes be known before any template is compiled."""
    for directive in root.walk():
        for spec in schema.specs.get(directive.name, ()):
            if spec.declares is None or len(directive.args) < spec.args[0]:
                continue
            with errors.collect():
                try:
                    for variable in spec.declares(directive):
                        variables.add(_located(variable, directive) if isinstance(variable, Deferred) else variable)
                except ValueError as error:
                    raise ConfigError(str(error), directive.source) from error


def _located(variable: Deferred, directive: Directive) -> Deferred:
    """What is wrong with it is wrong there, and not where it is used first."""

    def make(variables: Variables) -> Variable:
        try:
            return variable.make(variables)
        except ValueError as error:
            raise ConfigError(f"`{directive.name}`: {error}", directive.source) from error

    return Deferred(variable.name, make)


def _fill(scope: Scope, schema: Schema, errors: ErrorCollection) -> None:
    """Value every directive of one level, and the levels inside it."""
    for directive in scope.directive.children or ():
        with errors.collect():
            spec = schema.find(directive, scope.context)
            if spec.name in scope.values and not (spec.repeat or spec.into or spec.adds):
                raise ConfigError(f"`{spec.name}` is a duplicate{_where(scope, directive)}", directive.source)
            value = _value(spec, directive, scope, schema)
            if spec.repeat or spec.into:
                scope.values.setdefault(spec.into or spec.name, []).append(value)
            else:
                scope.values[spec.name] = value
            if spec.is_time and value:
                scope.site.watch(value)
            if spec.block is not None:
                child = Scope(spec.block, directive, scope, scope.site, schema.specs, scope.variables)
                child.block = value
                child.match = scope.match if spec.block in INSIDE_LOCATIONS else value
                scope.children.append(child)
                _fill(child, schema, errors)


def _where(scope: Scope, second: Directive) -> str:
    first = next(child for child in scope.directive.children or () if child.name == second.name)
    return f", it stands in {first.source} already"


def _value(spec: Spec, directive: Directive, scope: Scope, schema: Schema) -> Any:
    try:
        return spec.parse(directive, scope)
    except ValueError as error:
        hint = schema.hint(directive, spec)
        raise ConfigError(f"`{directive.name}`: {error}{hint}", directive.source) from error


def _server(scope: Scope, schema: Schema, errors: ErrorCollection) -> Server:
    server = Server(scope.directive.source)
    for module in schema.modules:
        if module.server:
            module.server(scope, server)
    server.default_location = _location(Location(server, "", scope.directive.source), scope, schema, errors)
    server.locations = _locations(scope, server, schema, errors)
    return server


def _locations(scope: Scope, server: Server, schema: Schema, errors: ErrorCollection) -> Locations:
    table = Locations()
    seen: dict[tuple[str, str], Source] = {}
    for child in scope.children:
        if child.directive.name != "location":
            continue
        with errors.collect():
            location = _place(table, server, scope, child, seen)
            _location(location, child, schema, errors)
            if nested := _locations(child, server, schema, errors):
                location.nested = nested
    table.seal()
    return table


def _check_nesting(inner: LocationMatch, outer: LocationMatch, source: Source) -> None:
    if outer.kind in ("=", "@"):
        kind = "exact" if outer.kind == "=" else "named"
        raise ConfigError(f'location "{inner}" cannot be inside the {kind} location "{outer}"', source)
    if inner.kind == "@":
        raise ConfigError(f'named location "{inner}" can be on the server level only', source)
    # nginx compares with a regular expression's text as well: a prefix cannot stand in such a location
    if inner.kind not in ("~", "~*") and not inner.text.startswith(outer.text):
        raise ConfigError(f'location "{inner}" is outside location "{outer}"', source)


def _place(
    table: Locations, server: Server, scope: Scope, child: Scope, seen: dict[tuple[str, str], Source]
) -> Location:
    """The location of ``child``, where it belongs among the others of its level; ``seen``: what they match."""
    match, source = child.match, child.directive.source
    assert isinstance(match, LocationMatch)
    if isinstance(scope.match, LocationMatch):
        _check_nesting(match, scope.match, source)
    # `= /a` and `/a` may stand side by side, `^~ /a` and `/a` may not
    key = ("=" if match.kind == "=" else "", str(match))
    if match.kind not in ("~", "~*", "@") and key in seen:
        raise ConfigError(f'duplicate location "{match}", it stands in {seen[key]} already', source)
    seen[key] = source
    location = Location(server, str(match), source)
    if match.kind == "@":
        if table.named.setdefault(match.text, location) is not location:
            scope.site.warnings.append(
                f'location "{match}" in {location.source} is ignored, there is one of that name already'
            )
    elif match.kind in ("~", "~*"):
        try:
            location.regex = scope.regex(match.text, match.kind == "~*")
        except ValueError as error:
            raise ConfigError(str(error), location.source) from error
        table.regexes.append(location)
    else:
        location.path = match.text.encode("utf-8", "surrogateescape")
        location.no_regex = match.kind == "^~"
        if match.kind == "=":
            table.exact[location.path] = location
        else:
            table.add_prefix(location)
    return location


def _location(location: Location, scope: Scope, schema: Schema, errors: ErrorCollection) -> Location:
    scope.location = location
    for child in scope.children:
        if child.context in INSIDE_LOCATIONS:
            inner = Location(location.server, location.name, child.directive.source)
            inner.path, inner.regex = location.path, location.regex
            _location(inner, child, schema, errors)
    with errors.collect():
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
        own: dict[Address, Listen] = {}
        for listen in server.listens:
            if listen.address in own:
                raise ConfigError(f"a duplicate listen {listen.address}", listen.source)
            own[listen.address] = listen
            listener = listeners.get(listen.address)
            if listener is None:
                names = ServerNames(server)
                listener = listeners[listen.address] = Listener(listen.address, names, listen.options, listen.source)
            elif listen.options:
                if listener.options:
                    raise ConfigError(f"duplicate listen options for {listen.address}, say them once", listen.source)
                listener.options = listen.options
            listener.proxy_protocol |= listen.proxy_protocol
            if listen.default_server:
                if listen.address in defaults:
                    first = defaults[listen.address].source
                    raise ConfigError(f"a duplicate default server for {listen.address}, see {first}", listen.source)
                defaults[listen.address] = listen
                listener.names.default = server
            for name in server.names:
                if not listener.names.add(name, server):
                    where = f"on {listen.address} in {server.source}"
                    site.warnings.append(f'conflicting server name "{name}" {where}, ignored')
    return list(_bound(listeners))


def _bound(listeners: dict[Address, Listener]) -> Iterator[Listener]:
    for address, listener in listeners.items():
        wildcard = listeners.get(Address("0.0.0.0" if ":" not in address.host else "::", address.port))
        if address.path is None and wildcard is not None and wildcard is not listener:
            wildcard.particular[address.host.encode()] = listener
        else:
            yield listener
