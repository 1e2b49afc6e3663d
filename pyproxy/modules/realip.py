"""ngx_http_realip_module: the client's address from a field that trusted proxies write."""

from __future__ import annotations

import socket

from pyproxy.config.schema import ANYWHERE, Context, Module, Spec, flag
from pyproxy.config.scope import Scope
from pyproxy.config.tree import Directive
from pyproxy.core.addresses.forwarded import Forwarded, RealClient, forwarded
from pyproxy.core.addresses.networks import Network, Networks, parse_address, parse_network
from pyproxy.core.around import find_around
from pyproxy.core.location import Location, Phase
from pyproxy.core.outcome import Outcome
from pyproxy.core.request import Request
from pyproxy.core.site import Server
from pyproxy.core.stream import Stream
from pyproxy.core.variables import Depends, Variable

FORWARDED_FOR = "x-forwarded-for"
PROXY_PROTOCOL = "proxy_protocol"


UNIX = "unix:"


def _from(directive: Directive, scope: Scope) -> list[Network | str]:
    text = directive.args[0]
    if text == UNIX:
        return [UNIX]
    try:
        network = parse_network(text)
    except ValueError:
        if "/" in text:
            raise
        return [*_resolve(text)]
    if not network.exact:
        scope.site.warnings.append(f"low address bits of {text} are meaningless in {directive.source}")
    return [network]


def _resolve(name: str) -> list[Network]:
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise ValueError(f'host not found in "{name}"') from None
    return [parse_network(address) for address in dict.fromkeys(str(address[0]) for *_, address in found)]


class _RealIP:
    """Finds the real client of a request."""

    steady = True
    """The same head on the same connection always has the same client."""

    def __init__(self, trusted: list[Network | str], field: str, recursive: bool) -> None:
        self._unix = UNIX in trusted
        self._networks: Networks[bool] = Networks()
        for network in trusted:
            if isinstance(network, Network):
                self._networks.add(network, True)
        self._networks.seal()
        self._field = field
        self._name = field.encode()
        self._recursive = recursive

    def __call__(self, request: Request) -> Outcome:
        """Put another address in place of the one that has connected; never a second time, nor for a subrequest."""
        stream = request.stream
        if (
            request.is_main
            and find_around(stream, RealClient) is None
            and (found := self._find(request, stream)) is not None
        ):
            request.stream = RealClient(stream, found)
        return None

    def _is_trusted(self, address: bytes) -> bool:
        number = parse_address(address)
        return self._unix if number is None else self._networks.find(number) is not None

    def _find(self, request: Request, stream: Stream) -> Forwarded | None:
        if self._field == PROXY_PROTOCOL:
            if stream.proxied is None:
                return None
            address, port = stream.proxied.source
            found = forwarded(stream.remote_addr, [address], self._is_trusted, recursive=False)
            return None if found is None else (found[0], port)
        lines = request.route.head.fields.get_all(self._name)
        # only X-Forwarded-For is a list over several lines, for nginx
        lines = lines if self._field == FORWARDED_FOR else lines[:1]
        return forwarded(stream.remote_addr, lines, self._is_trusted, self._recursive)


def _own_stream(request: Request) -> Stream:
    stream = request.main.stream
    real = find_around(stream, RealClient)
    return stream if real is None else real.inner


DIRECTIVES = ("set_real_ip_from", "real_ip_header", "real_ip_recursive")


def _handler(scope: Scope) -> _RealIP | None:
    trusted, field, recursive = (scope.get(name) for name in DIRECTIVES)
    if not trusted:
        return None
    return _RealIP([network for each in trusted for network in each], field, recursive)


def _compile_server(scope: Scope, server: Server) -> None:
    if handler := _handler(scope):
        server.add_handler(Phase.POST_READ, handler)


def _compile_location(scope: Scope, location: Location) -> None:
    level: Scope | None = scope
    while level is not None and level.context is not Context.SERVER:
        if any(level.own(name) is not None for name in DIRECTIVES):
            # the server's handler has had its turn, with what the server says
            if handler := _handler(scope):
                location.add_handler(Phase.PREACCESS, handler)
            return
        level = level.parent


def _header(directive: Directive, scope: Scope) -> str:
    return directive.args[0].lower()


MODULE = Module(
    name="realip",
    order=10,
    directives=(
        Spec("set_real_ip_from", ANYWHERE, _from, repeat=True, default=(), summary="Proxies whose word is taken."),
        Spec("real_ip_header", ANYWHERE, _header, default="x-real-ip", summary="The field with the client's address."),
        flag("real_ip_recursive", ANYWHERE, False, "Trusted proxies are left out of a list of addresses."),
    ),
    variables=(
        Variable("realip_remote_addr", lambda request: _own_stream(request).remote_addr, Depends.CONNECTION),
        Variable("realip_remote_port", lambda request: b"%d" % _own_stream(request).remote_port, Depends.CONNECTION),
    ),
    server=_compile_server,
    location=_compile_location,
)
