"""Where ``proxy_pass`` leads: a group of servers, the Host to name, and what becomes of the URI."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pyproxy.config import values
from pyproxy.config.tree import ConfigError, Source
from pyproxy.core.request import AS_SENT, REWRITTEN_HERE
from pyproxy.core.uri import escape, escape_line_ends, escape_spaces
from pyproxy.upstream.group import Group, Keepalive
from pyproxy.upstream.named_group import NamedGroup, is_name
from pyproxy.upstream.peer import Peer
from pyproxy.upstream.resolve import resolve

if TYPE_CHECKING:
    from pyproxy.core.request import Request
    from pyproxy.core.site import Site
    from pyproxy.core.variables import Template
    from pyproxy.upstream.resolver import Resolver

MET = 256
"""Servers that requests have made up (``proxy_pass`` with variables) whose connections are kept."""


@dataclass(frozen=True, slots=True)
class Target:
    """One URL, read. ``uri`` is None where the URL has none: then the request's own goes through as it came."""

    group: Group
    host: bytes
    """What ``$proxy_host`` shows."""
    port: bytes
    uri: bytes | None
    url: str
    """As in log lines, without the URI."""
    host_field: bytes = field(init=False)
    """The Host field, unless the configuration sets another."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "host_field", b"Host: %b\r\n" % escape_line_ends(self.host))


class Targets:
    """Makes targets of URLs; the groups that they imply are made once."""

    def __init__(self, site: Site, source: Source, resolver: Resolver | None = None) -> None:
        self._site = site
        self._resolver = resolver
        self._source = source
        self._met: dict[str, Group] = {}

    def find(self, url: str) -> Target:
        """The target of ``http://host[:port][/uri]`` or ``http://unix:/path[:/uri]``. Raises ValueError."""
        return self._read(url, self._implied)

    def find_at_work(self, url: str) -> Target:
        """The same for a URL that a request has made: there may be any number of them."""
        return self._read(url, self._meet)

    def _read(self, url: str, implied: Callable[[str, values.Address], Group]) -> Target:
        scheme, address, uri = values.upstream_url(url)
        if scheme != "http":
            raise ValueError(f'"{scheme}://" to an upstream is not supported by pyproxy yet')
        rest = url.partition("://")[2]
        authority = "localhost" if address.path is not None else rest.partition("/")[0].partition("?")[0]
        # an `upstream` is meant by its name alone, in any case
        group = self._site.upstreams.get(authority.lower()) if address.path is None else None
        if group is None:
            group = implied(f"http://{address}", address)
        host = authority.removesuffix(":80")
        place = f"unix:{address.path}:" if address.path is not None else host
        return Target(
            group,
            host.encode("utf-8", "surrogateescape"),
            str(address.port or "").encode(),
            uri.encode("utf-8", "surrogateescape") if uri is not None else None,
            f"{scheme}://{place}",
        )

    def _implied(self, key: str, address: values.Address) -> Group:
        if address.host.lower() in self._site.upstreams:
            message = f'upstream "{address.host}" may not have a port, its servers have theirs'
            raise ConfigError(message, self._source)
        group: Group | None = self._site.upstreams.get(key)
        if group is None:
            keepalive = Keepalive()
            peers = [Peer(each, keepalive) for each in resolve(address, self._site.warnings, self._source)]
            group = self._site.upstreams[key] = Group(key, peers, keepalive)
            self._site.closers.append(group.close)
        return group

    def _meet(self, key: str, address: values.Address) -> Group:
        # a name is looked up at each connection: here, that would hold up every other request
        group: Group | None = self._site.upstreams.get(key) or self._met.get(key)
        if group is None:
            if len(self._met) >= MET:
                self._met.pop(next(iter(self._met))).close()
            keepalive = Keepalive()
            group = self._met[key] = self._named(address, keepalive) or Group(
                key, [Peer(address, keepalive)], keepalive
            )
        return group

    def _named(self, address: values.Address, keepalive: Keepalive) -> NamedGroup | None:
        if self._resolver is None or address.path is not None or not is_name(address.host):
            return None
        return NamedGroup(address, keepalive, self._resolver)

    def close_with_site(self) -> None:
        """Close the idle connections to what requests have made when the configuration is over."""
        self._site.closers.append(self._close)

    def _close(self) -> None:
        for group in self._met.values():
            group.close()


class FixedTarget:
    """``proxy_pass`` without variables: everything about it is known beforehand."""

    varies = False

    def __init__(self, target: Target, prefix: bytes) -> None:
        self._target = target
        self._prefix = len(prefix)

    def find(self, request: Request) -> Target:
        """Always the same."""
        return self._target

    def uri(self, request: Request, target: Target) -> bytes:
        """The request target to send: as it came, or with the location's part replaced by the URL's URI."""
        head = request.route.head
        if target.uri is None and request.rewritten == AS_SENT:
            return head.target
        # after `rewrite ... break` the URI need not begin with the location's path
        replaced = target.uri if target.uri is not None and request.rewritten != REWRITTEN_HERE else b""
        rest = request.uri[self._prefix :] if replaced else request.uri
        if request.internal or b"%" in head.target:
            rest = escape(rest)
        args = b"?" + request.args if request.args else b""
        return escape_spaces(replaced + rest + args)


class VariableTarget:
    """``proxy_pass`` with variables: read anew for every request; its URI, if it has one, is sent as it is."""

    varies = True

    def __init__(self, url: Template, targets: Targets) -> None:
        self._url = url
        self._targets = targets
        targets.close_with_site()

    def find(self, request: Request) -> Target:
        """Raises ValueError if what comes out is no URL."""
        return self._targets.find_at_work(self._url.render(request).decode("utf-8", "surrogateescape"))

    def uri(self, request: Request, target: Target) -> bytes:
        """The URL's own URI, or the request's as it came."""
        if target.uri is not None:
            return escape_spaces(target.uri if target.uri.startswith(b"/") else b"/" + target.uri)
        if request.rewritten == AS_SENT:
            return request.head.target
        return escape(request.uri) + (b"?" + request.args if request.args else b"")
