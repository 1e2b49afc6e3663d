"""ngx_http_core_module, servers and locations: what listens, which names it has, what matches."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from pyproxy.config import values
from pyproxy.config.build import LocationMatch
from pyproxy.config.schema import MANY, Context, Module, Scope, Spec, flag, number, seconds, size
from pyproxy.config.tree import Directive
from pyproxy.core.regex import compile_regex
from pyproxy.core.site import Listen, Location, Server
from pyproxy.core.variables import Depends, Getter, Variable

HTTP, SERVER, LOCATION = Context.HTTP, Context.SERVER, Context.LOCATION

_NAMED_GROUP = re.compile(r"\(\?P?<([A-Za-z_]\w*)>")


def _listen(directive: Directive, scope: Scope) -> Listen:
    address = values.listen_address(directive.args[0])
    default = False
    options: dict[str, Any] = {}
    for option in directive.args[1:]:
        name, equals, value = option.partition("=")
        if name in ("default_server", "default"):
            default = True
        elif name == "backlog" and equals:
            options["backlog"] = values.number(value)
        elif name in ("rcvbuf", "sndbuf") and equals:
            options[name] = values.size(value)
        elif name == "ipv6only" and equals:
            options["ipv6only"] = values.flag(value)
        elif name in ("reuseport", "deferred", "bind", "so_keepalive", "fastopen", "setfib", "accept_filter"):
            options[name] = value or True
        elif name in ("ssl", "http2", "quic", "proxy_protocol"):
            raise ValueError(f'parameter "{name}" is known to nginx, but not supported by pyproxy yet')
        else:
            raise ValueError(f'invalid parameter "{option}"')
    return Listen(address, default, options, directive.source)


def _server_name(directive: Directive, scope: Scope) -> list[str | re.Pattern[bytes]]:
    names: list[str | re.Pattern[bytes]] = []
    for name in directive.args:
        if name.startswith("~"):
            # host names have no case (nginx compiles these with PCRE_CASELESS where they have no upper case)
            names.append(compile_regex(name[1:], ignore_case=True))
        elif "*" in name and not re.fullmatch(r"\*\.[^*]+|[^*]+\.\*", name):
            raise ValueError(f'server name "{name}" is invalid: an asterisk may only stand at the start or the end')
        else:
            names.append(name)
    return names


def _captures(directive: Directive) -> Iterable[Variable]:
    """A named group of a regular expression is a variable."""
    for arg in directive.args:
        for name in _NAMED_GROUP.findall(arg):
            yield Variable(name.lower(), _named_capture(name), Depends.HEAD)


def _named_capture(name: str) -> Getter:
    return lambda request: request.captures.named(name) if request.captures is not None else None


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
    server.listens = scope.own("listen") or [_default_listen(scope)]
    server.names = [name for names in scope.own("server_name") or [[""]] for name in names]
    first = server.names[0]
    server.name = ("~" + first.pattern.decode() if isinstance(first, re.Pattern) else first).encode()
    server.header_timeout = scope.get("client_header_timeout")
    server.header_buffers = scope.get("large_client_header_buffers")
    server.header_buffer_size = scope.get("client_header_buffer_size")
    server.max_headers = scope.get("max_headers")
    server.merge_slashes = scope.get("merge_slashes")
    server.ignore_invalid_headers = scope.get("ignore_invalid_headers")
    server.underscores_in_headers = scope.get("underscores_in_headers")


def _default_listen(scope: Scope) -> Listen:
    return Listen(values.listen_address("80"), False, {}, scope.directive.source)


def _compile_location(scope: Scope, location: Location) -> None:
    location.internal = bool(scope.own("internal")) or location.name.startswith("@")


def _buffers(directive: Directive, scope: Scope) -> tuple[int, int]:
    count, length = values.number(directive.args[0]), values.size(directive.args[1])
    if count < 1 or length < 1:
        raise ValueError("expected a number of buffers and their size, such as 4 8k")
    return count, length


def _nothing(directive: Directive, scope: Scope) -> Any:
    return True


def _accepted(name: str) -> Spec:
    contexts = HTTP | SERVER | LOCATION
    return Spec(name, contexts, _nothing, (1, MANY), summary="Accepted; has no effect here.")


MODULE = Module(
    name="http",
    directives=(
        Spec("server", HTTP, _nothing, (0, 0), block=SERVER, summary="A virtual server."),
        Spec(
            "location",
            SERVER | LOCATION,
            _location,
            (1, 2),
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
        size("client_header_buffer_size", HTTP | SERVER, 1024, "Accepted; heads are read as they come."),
        Spec(
            "large_client_header_buffers",
            HTTP | SERVER,
            _buffers,
            (2, 2),
            default=(4, 8192),
            summary="The largest head (number times size) and the largest line in it (size).",
        ),
        number("max_headers", HTTP | SERVER, 1000, "The most header fields of a request."),
        flag("merge_slashes", HTTP | SERVER, True, "`//` in a path counts as `/`."),
        flag("ignore_invalid_headers", HTTP | SERVER, True, "Fields with unusual names are left out."),
        flag("underscores_in_headers", HTTP | SERVER, False, "`_` is usual in a field's name."),
        *map(
            _accepted,
            (
                "aio",
                "connection_pool_size",
                "directio",
                "output_buffers",
                "postpone_output",
                "read_ahead",
                "request_pool_size",
                "sendfile",
                "sendfile_max_chunk",
                "send_lowat",
                "server_names_hash_bucket_size",
                "server_names_hash_max_size",
                "tcp_nodelay",
                "tcp_nopush",
                "types_hash_bucket_size",
                "types_hash_max_size",
                "variables_hash_bucket_size",
                "variables_hash_max_size",
            ),
        ),
    ),
    server=_compile_server,
    location=_compile_location,
)
