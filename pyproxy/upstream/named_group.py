"""A server that a request has named, looked up with the configuration's ``resolver``."""

from __future__ import annotations

import itertools
from ipaddress import ip_address
from typing import TYPE_CHECKING

from pyproxy.config.values import Address
from pyproxy.core.logs.log import ERROR
from pyproxy.upstream.group import Group, Keepalive
from pyproxy.upstream.peer import Peer
from pyproxy.upstream.resolver import LookupFailed, Resolver

if TYPE_CHECKING:
    from pyproxy.core.request import Request


def is_name(host: str) -> bool:
    """Whether it is a name that must be looked up, not an address."""
    try:
        ip_address(host)
    except ValueError:
        return True
    return False


class NamedGroup(Group):
    """The addresses of one name, as they are now."""

    def __init__(self, address: Address, keepalive: Keepalive, resolver: Resolver) -> None:
        super().__init__(str(address), [], keepalive)
        self.host = address.host
        self.resolver = resolver
        self._port = address.port
        self._addresses: list[str] = []

    def known(self) -> bool:
        """Whether its addresses are remembered; if so they are used."""
        addresses = self.resolver.known(self.host)
        if addresses is None:
            return False
        self.use(addresses)
        return True

    async def look_up(self, request: Request, timeout: float) -> bool:  # noqa: ASYNC109  # resolver_timeout
        """Ask for them, and use them; False, and a line in the error log, if there are none."""
        try:
            self.use(await self.resolver.look_up(self.host, request.stream.worker, timeout))
        except (LookupFailed, TimeoutError) as error:
            why = str(error) if isinstance(error, LookupFailed) else "110: Operation timed out"
            request.complain(ERROR, f"{self.host} could not be resolved ({why})")
            return False
        return True

    def use(self, addresses: list[str]) -> None:
        """From now on it has these; a server that stays keeps its connections."""
        if addresses == self._addresses:
            return
        self._addresses = addresses
        there: dict[str, list[Peer]] = {}
        for peer in self.peers:
            there.setdefault(peer.address.host, []).append(peer)
        # an address that is told twice is asked twice, as in nginx
        peers = [found.pop() if (found := there.get(address)) else self._peer(address) for address in addresses]
        for gone in itertools.chain(*there.values()):
            gone.close()
        self.replace(peers)

    def _peer(self, address: str) -> Peer:
        peer = Peer(Address(address, self._port), self.keepalive)
        # as in nginx, no request remembers for the next one that an address has failed
        peer.max_fails = 0
        return peer
