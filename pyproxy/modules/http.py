"""ngx_http_core_module, servers and locations: what listens, which names it has, what matches."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from pyproxy.config import values
from pyproxy.config.build import LocationMatch
from pyproxy.config.schema import (
    ANYWHERE,
    MANY,
    NO_EFFECT,
    Context,
    Module,
    Spec,
    buffers,
    flag,
    number,
    offset,
    seconds,
    size,
)
from pyproxy.config.scope import Scope
from pyproxy.config.tree import ConfigError, Directive
from pyproxy.core.addresses.hostnames import is_name
from pyproxy.core.captures import group_variables
from pyproxy.core.location import Location
from pyproxy.core.site import Listen, Server
from pyproxy.core.variables import Variable

HTTP, SERVER, LOCATION = Context.HTTP, Context.SERVER, Context.LOCATION


_PORT_RANGE = re.compile(r"(?!unix:)(.*:)?(\d{1,5})-(\d{1,5})")


_SWITCHES = ("reuseport", "deferred", "bind", "multipath")
_VALUES = ("backlog=", "rcvbuf=", "sndbuf=", "ipv6only=", "so_keepalive=", "fastopen=")
_PARAMETERS = ("default_server", "proxy_protocol", *_VALUES, *_SWITCHES)


def _listen(directive: Directive, scope: Scope) -> list[Listen]:
    default = proxy_protocol = False
    options: dict[str, Any] = {}
    for option in directive.args[1:]:
        name, equals, value = option.partition("=")
        if name in ("default_server", "default"):
            default = True
        elif name == "backlog" and equals:
            options["backlog"] = values.number(value)
            if not options["backlog"]:
                raise ValueError(f'invalid parameter "{option}", expected 1 or more')
        elif name in ("rcvbuf", "sndbuf") and equals:
            options[name] = values.size(value)
        elif name == "ipv6only" and equals:
            options["ipv6only"] = values.flag(value)
        elif name == "so_keepalive" and equals:
            options[name] = _so_keepalive(value)
        elif name == "fastopen" and equals:
            options[name] = values.number(value)
        elif (name in _SWITCHES and not equals) or name in ("setfib", "accept_filter"):
            options[name] = value or True
        elif option == "proxy_protocol":
            proxy_protocol = True
        elif name in ("ssl", "http2", "quic"):
            raise ValueError(f'parameter "{name}" is known to nginx, but not supported by pyproxy yet')
        else:
            raise values.unknown_parameter(option, _PARAMETERS)
    resolved = scope.site.resolved
    listens = []
    for address in map(values.listen_address, _single_ports(directive.args[0])):
        if address not in resolved:
            resolved[address] = _resolve(address)
        listens += [Listen(each, default, options, directive.source, proxy_protocol) for each in resolved[address]]
    return listens


def _single_ports(text: str) -> list[str]:
    """``host:8000-8003`` is four addresses."""
    ports = _PORT_RANGE.fullmatch(text)
    if ports is None:
        return [text]
    first, last = int(ports[2]), int(ports[3])
    if first > last:
        raise ValueError(f'invalid port range in "{text}"')
    return [f"{ports[1] or ''}{port}" for port in range(first, last + 1)]


def _so_keepalive(text: str) -> tuple[int, int, int] | None:
    """``on``, or seconds of silence, seconds between two probes, and how many; 0: as the system has it. None: off."""
    if text in ("on", "off"):
        return (0, 0, 0) if text == "on" else None
    idle, interval, count, *more = (*text.split(":"), "", "")
    numbers = (values.seconds(idle or "0"), values.seconds(interval or "0"), values.number(count or "0"))
    if any(more) or not any(numbers):
        raise ValueError(f'invalid so_keepalive value "{text}", expected on, off or 30m::10')
    return numbers


def _resolve(address: values.Address) -> list[values.Address]:
    """Numbers for names, and one spelling for every number: connections are told apart by their local address."""
    if address.path is not None:
        return [address]
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise ValueError(f'host not found in "{address}" ({error})') from error
    return list(dict.fromkeys(replace(address, host=str(sockaddr[0])) for *_, sockaddr in found))


def _server_name(directive: Directive, scope: Scope) -> list[str | re.Pattern[bytes]]:
    names: list[str | re.Pattern[bytes]] = []
    for name in directive.args:
        if name == "~":
            raise ValueError("empty regular expression in a server name")
        if name.startswith("~"):
            # the host that it is compared with is in lower case
            names.append(scope.regex(name[1:], ignore_case=True))
            continue
        if not is_name(name):
            raise ValueError(f'server name "{name}" is invalid: an asterisk may only stand at the start or the end')
        if "/" in name:
            scope.site.warnings.append(f'server name "{name}" has suspicious symbols in {directive.source}')
        names.append(socket.gethostname().lower() if name.lower() == "$hostname" else name.lower())
    return names


def _shown_name(directive: Directive) -> str:
    """``$server_name``: the first one, as written but in lower case."""
    name = directive.args[0]
    if name.lower() == "$hostname":
        return socket.gethostname().lower()
    return name if name.startswith("~") else name.lower().removeprefix(".")


def _captures(directive: Directive) -> Iterable[Variable]:
    return group_variables(directive.args)


def _location(directive: Directive, scope: Scope) -> LocationMatch:
    if len(directive.args) == 2:
        kind, text = directive.args
        if kind not in ("=", "^~", "~", "~*"):
            raise ValueError(f'invalid location modifier "{kind}", expected =, ^~, ~ or ~*')
        return LocationMatch(kind, text)
    text = directive.args[0]
    for kind in ("=", "^~", "~*", "~", "@"):
        if text.startswith(kind):
            return LocationMatch(kind, text[len(kind) :])
    return LocationMatch("", text)


def _compile_server(scope: Scope, server: Server) -> None:
    server.listens = [listen for listens in scope.own("listen") or [_default_listen(scope)] for listen in listens]
    server.names = [name for names in scope.own("server_name") or [[""]] for name in names]
    server.name = next(
        (_shown_name(child) for child in scope.directive.children or () if child.name == "server_name"), ""
    ).encode("utf-8", "surrogateescape")
    server.header_timeout = scope.get("client_header_timeout")
    server.header_buffers = scope.get("large_client_header_buffers")
    if server.header_buffers[1] < scope.get("connection_pool_size"):
        message = "`large_client_header_buffers`: the size has to be that of `connection_pool_size` (512) at least"
        raise ConfigError(message, server.source)
    server.header_buffer_size = scope.get("client_header_buffer_size")
    server.max_headers = scope.get("max_headers")
    server.merge_slashes = scope.get("merge_slashes")
    server.ignore_invalid_headers = scope.get("ignore_invalid_headers")
    server.underscores_in_headers = scope.get("underscores_in_headers")


def _default_listen(scope: Scope) -> list[Listen]:
    return [Listen(values.listen_address("80"), False, {}, scope.directive.source)]


def _compile_location(scope: Scope, location: Location) -> None:
    location.internal = bool(scope.get("internal"))
    location.chunked_transfer_encoding = scope.get("chunked_transfer_encoding")


def _nothing(directive: Directive, scope: Scope) -> Any:
    return True


_HASH = ("bucket_size", "max_size")


def _aio(directive: Directive, scope: Scope) -> str:
    value = directive.args[0]
    if value not in ("on", "off", "threads") and not value.startswith("threads="):
        raise ValueError(f'invalid value "{value}", expected on, off or threads')
    return value


def _directio(directive: Directive, scope: Scope) -> int | None:
    return None if directive.args == ("off",) else values.offset(directive.args[0])


def _pool_size(directive: Directive, scope: Scope) -> int:
    length = values.size(directive.args[0])
    if length < 112 or length % 16:
        raise ValueError(f"invalid size {length}, expected a multiple of 16 from 112")
    return length


MODULE = Module(
    name="http",
    directives=(
        Spec("server", HTTP, _nothing, (0, 0), repeat=True, block=SERVER, summary="A virtual server."),
        Spec(
            "location",
            SERVER | LOCATION,
            _location,
            (1, 2),
            repeat=True,
            block=LOCATION,
            declares=_captures,
            summary="What happens to requests whose path matches.",
        ),
        Spec("listen", SERVER, _listen, (1, MANY), repeat=True, summary="An address to listen on (default: 80)."),
        Spec(
            "server_name",
            SERVER,
            _server_name,
            (1, MANY),
            repeat=True,
            declares=_captures,
            summary="The names that this server answers to.",
        ),
        Spec("internal", LOCATION, _nothing, (0, 0), summary="Only internal redirects lead here."),
        seconds("client_header_timeout", HTTP | SERVER, 60.0, "How long a client may take for a request head."),
        size("client_header_buffer_size", HTTP | SERVER, 1024, "Adds to the largest head."),
        buffers(
            "large_client_header_buffers",
            HTTP | SERVER,
            (4, 8192),
            "The largest head (number times size) and the largest line in it (size).",
        ),
        number("max_headers", HTTP | SERVER, 1000, "The most header fields of a request."),
        flag("merge_slashes", HTTP | SERVER, True, "`//` in a path counts as `/`."),
        flag("ignore_invalid_headers", HTTP | SERVER, True, "Fields with unusual names are left out."),
        flag("underscores_in_headers", HTTP | SERVER, False, "`_` is usual in a field's name."),
        flag("chunked_transfer_encoding", ANYWHERE, True, "HTTP/1.1 bodies of unknown length come in chunks."),
        flag("sendfile", ANYWHERE, True, NO_EFFECT),
        flag("tcp_nodelay", ANYWHERE, True, NO_EFFECT),
        flag("tcp_nopush", ANYWHERE, False, NO_EFFECT),
        size("sendfile_max_chunk", ANYWHERE, None, NO_EFFECT),
        size("send_lowat", ANYWHERE, None, NO_EFFECT),
        size("postpone_output", ANYWHERE, None, NO_EFFECT),
        offset("directio_alignment", ANYWHERE, None, NO_EFFECT),
        flag("aio_write", ANYWHERE, False, NO_EFFECT),
        size("read_ahead", ANYWHERE, None, NO_EFFECT),
        Spec("connection_pool_size", HTTP | SERVER, _pool_size, default=512, summary=NO_EFFECT),
        Spec("request_pool_size", HTTP | SERVER, _pool_size, summary=NO_EFFECT),
        buffers("output_buffers", ANYWHERE, None, NO_EFFECT),
        Spec("aio", ANYWHERE, _aio, summary=NO_EFFECT),
        Spec("directio", ANYWHERE, _directio, summary=NO_EFFECT),
        *(number(f"server_names_hash_{what}", HTTP, None, NO_EFFECT) for what in _HASH),
        *(number(f"variables_hash_{what}", HTTP, None, NO_EFFECT) for what in _HASH),
        *(number(f"types_hash_{what}", ANYWHERE, None, NO_EFFECT) for what in _HASH),
    ),
    server=_compile_server,
    location=_compile_location,
)
