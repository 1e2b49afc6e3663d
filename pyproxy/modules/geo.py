"""ngx_http_geo_module: a variable whose value follows from an address."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from pyproxy.config.schema import Context, Module, Spec
from pyproxy.config.scope import Scope
from pyproxy.config.tree import ConfigError, Directive
from pyproxy.core.addresses.forwarded import forwarded
from pyproxy.core.addresses.networks import NOWHERE, Address, Networks, parse_address, parse_network
from pyproxy.core.addresses.ranges import AddressRanges
from pyproxy.core.request import Request
from pyproxy.core.variables import Deferred, Depends, Getter, Variable, Variables, given, once, variable_name

FLAGS = ("ranges", "proxy_recursive", "volatile")
_RANGE = re.compile(r"([\d.]+)-([\d.]+)", re.ASCII)


class _Table:
    """What one ``geo`` block says."""

    def __init__(self, directive: Directive, warn: Callable[[str], None]) -> None:
        self.flags: set[str] = set()
        self.proxies: Networks[bool] = Networks()
        self.has_proxies = False
        self._warn = warn
        self._networks: Networks[bytes] = Networks()
        self._ranges = AddressRanges()
        self._default = b""
        self._has_values = False
        for entry in directive.children or ():
            try:
                self._read(entry)
            except ValueError as error:
                raise ConfigError(str(error), entry.source) from error
        self._networks.seal()
        self.proxies.seal()

    def _read(self, entry: Directive) -> None:
        key, args = entry.name, entry.args
        if key in FLAGS and not args:
            if key == "ranges" and self._has_values:
                raise ValueError("`ranges` says how to read all that follows, put it first")
            self.flags.add(key)
            return
        if len(args) != 1 or entry.children is not None:
            raise ValueError(f"`{key}` takes one value here: network value;")
        value = args[0]
        if key == "proxy":
            self.proxies.add(parse_network(value), True)
            self.has_proxies = True
            return
        self._has_values = True
        if key == "default":
            self._default = value.encode("utf-8", "surrogateescape")
        elif "ranges" in self.flags:
            self._read_range(key, value, entry)
        else:
            self._read_network(key, value, entry)

    def _read_network(self, key: str, value: str, entry: Directive) -> None:
        text = value if key == "delete" else key
        network = parse_network(text)
        if not network.exact:
            self._warn(f"low address bits of {text} are meaningless in {entry.source}")
        if key == "delete":
            if not self._networks.remove(network):
                self._warn(f'no network "{text}" to delete in {entry.source}')
        elif (before := self._networks.add(network, value.encode("utf-8", "surrogateescape"))) is not None:
            old = before.decode(errors="replace")
            self._warn(f'duplicate network "{text}", value: "{value}", old value: "{old}" in {entry.source}')

    def _read_range(self, key: str, value: str, entry: Directive) -> None:
        text = value if key == "delete" else key
        match = _RANGE.fullmatch(text)
        start, end = (parse_address(part.encode()) for part in match.groups()) if match else (None, None)
        if start is None or end is None or start.number > end.number:
            raise ValueError(f'invalid range "{text}", expected one such as 192.0.2.0-192.0.2.255')
        if key == "delete":
            if not self._ranges.remove(start.number, end.number):
                self._warn(f'no address range "{text}" to delete in {entry.source}')
        elif self._ranges.add(start.number, end.number, value.encode("utf-8", "surrogateescape")):
            self._warn(f'duplicate range "{text}", value: "{value}" in {entry.source}')

    def is_proxy(self, address: bytes) -> bool:
        """Whether its word on whom a request comes from is taken."""
        number = parse_address(address)
        return number is not None and self.proxies.find(number) is not None

    def find(self, address: Address | None) -> bytes:
        """The value for an address, or for what is none."""
        if "ranges" in self.flags:
            number = address.number if address is not None and address.bits == 32 else NOWHERE.number
            found = self._ranges.find(number)
        else:
            found = self._networks.find(NOWHERE if address is None else address)
        return self._default if found is None else found


def _remote_addr(request: Request) -> bytes:
    return request.stream.remote_addr


def _compile(directive: Directive, variables: Variables) -> Variable:
    *source, name = map(variable_name, directive.args)
    get_source: Getter = _remote_addr
    depends = Depends.CONNECTION
    if source:
        variable = variables.find(source[0])
        get_source, depends = variable.get, variable.depends
    table = _Table(directive, variables.warnings.append)
    volatile, recursive = "volatile" in table.flags, "proxy_recursive" in table.flags
    if table.has_proxies:
        depends = max(depends, Depends.HEAD)

    def find(request: Request) -> bytes:
        address = get_source(request) or b""
        if table.has_proxies:
            fields = request.head.fields.get_all(b"x-forwarded-for")
            client = forwarded(address, fields, table.is_proxy, recursive)
            address = address if client is None else client[0]
        return table.find(parse_address(address))

    get = given(name, find) if volatile else once(name, find)
    return Variable(name, get, depends, changeable=True)


def _declare(directive: Directive) -> Iterator[Deferred]:
    yield Deferred(variable_name(directive.args[-1]), lambda variables: _compile(directive, variables))


def _geo(directive: Directive, scope: Scope) -> Variable:
    variables = scope.variables
    variable = variables.find(variable_name(directive.args[-1]))
    scope.site.warnings += variables.warnings
    variables.warnings.clear()
    return variable


MODULE = Module(
    name="geo",
    directives=(
        Spec(
            "geo",
            Context.HTTP,
            _geo,
            (1, 2),
            repeat=True,
            free=True,
            declares=_declare,
            summary="A variable whose value is looked up by an address in a table of networks.",
        ),
    ),
)
