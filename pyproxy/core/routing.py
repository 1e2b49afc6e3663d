"""Listen address + Host -> server, URI -> location, with nginx's precedence."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pyproxy.core.addresses.hostnames import HostNames
from pyproxy.core.captures import Captures

if TYPE_CHECKING:
    from pyproxy.core.location import Location
    from pyproxy.core.site import Server


class ServerNames:
    """The servers of one listen address. Precedence as in nginx: exact, the longest
    ``*.suffix``, the longest ``prefix.*``, the first regex, the default."""

    def __init__(self, default: Server) -> None:
        self.default = default
        self._names: HostNames[Server] = HostNames()
        self._exact = self._names.exact
        self._regexes: list[tuple[re.Pattern[bytes], Server]] = []

    def add(self, name: str | re.Pattern[bytes], server: Server) -> bool:
        """Let ``server`` answer for ``name``; False if another server already does."""
        if not isinstance(name, str):
            self._regexes.append((name, server))
            return True
        return self._names.add(name, server)

    def find(self, host: bytes | None) -> tuple[Server, Captures | None]:
        """The server for a lower-case host without port, and the captures of its name where that is a regex.

        A request that names no host is for the server whose name is empty.
        """
        if host is None:
            return self._names.exact.get(b"", self.default), None
        if (server := self._exact.get(host) or self._names.find(host)) is not None:
            return server, None
        for pattern, server in self._regexes:
            if match := pattern.search(host):
                return server, Captures(match)
        return self.default, None


class Locations:
    """The locations of one level. Precedence: ``=``, longest prefix if ``^~``, regexes in order, longest prefix."""

    def __init__(self) -> None:
        self.exact: dict[bytes, Location] = {}
        self.regexes: list[Location] = []
        self.named: dict[str, Location] = {}
        self._prefixes: dict[bytes, Location] = {}
        self._lengths: list[int] = []
        """Of the prefixes, the longest first."""
        self._slashless: dict[bytes, Location] = {}

    def add_prefix(self, location: Location) -> None:
        """Add a location that matches the paths that begin with its own."""
        self._prefixes[location.path] = location

    def seal(self) -> None:
        """Make the tables, once the directives of every location have been seen."""
        self._lengths = sorted({len(path) for path in self._prefixes}, reverse=True)
        # nginx's auto_redirect: `location /dir/` with a proxied handler answers `/dir` with a redirect
        for location in (*self._prefixes.values(), *self.exact.values()):
            if location.redirects_to_slash:
                self._slashless[location.path[:-1]] = location

    def __bool__(self) -> bool:
        return bool(self.exact or self._prefixes or self.regexes or self.named)

    def __iter__(self) -> Iterator[Location]:
        """Every location of this level."""
        yield from (*self.exact.values(), *self._prefixes.values(), *self.regexes, *self.named.values())

    def find(self, path: bytes, captures: Captures | None = None) -> tuple[Location | None, Captures | None]:
        """The location for a decoded path; the captures of its regex, else those that there were before."""
        location, captures, _ = self.search(path, captures)
        return location, captures

    def search(self, path: bytes, captures: Captures | None) -> tuple[Location | None, Captures | None, bool]:
        """As ``find``; True with it if the match ends the search (exact, a redirect, or a regex)."""
        if location := self.exact.get(path):
            return location, captures, True
        best = None
        for length in self._lengths:
            if best := self._prefixes.get(path[:length]):
                break
        found = best
        if self._slashless and (best is None or best.path != path) and (location := self._slashless.get(path)):
            return location, captures, True
        if best is not None and best.nested is not None:
            nested, inner, final = best.nested.search(path, captures)
            if final:
                return nested, inner, True
            found = nested or best
        if best is None or not best.no_regex:
            for location in self.regexes:
                assert location.regex is not None
                if match := location.regex.search(path):
                    captures = Captures(match, captures)
                    if location.nested is not None:
                        nested, captures, _ = location.nested.search(path, captures)
                        location = nested or location
                    return location, captures, True
        return found, captures, False
