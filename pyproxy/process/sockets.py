"""The listening sockets of a process. They stay open from one configuration to the next."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass, field

from pyproxy.config.tree import ConfigError
from pyproxy.config.values import Address
from pyproxy.core.site import Site
from pyproxy.process.inherited import Inherited
from pyproxy.process.listen import apply_options, open_socket, share_port


@dataclass
class Bound:
    """An address that is listened on."""

    sockets: list[socket.socket]
    given: bool = False
    """Whether it is systemd's: what it has made it takes away."""
    file: os.stat_result | None = field(init=False)
    """The file of a unix socket, to know it again."""

    def __post_init__(self) -> None:
        name = self.sockets[0].getsockname()
        self.file = _stat(name) if self.sockets[0].family == socket.AF_UNIX else None

    def close(self, remove: bool) -> None:
        """``remove``: leave no file behind, unless another socket has taken its name."""
        path = self.sockets[0].getsockname()
        for sock in self.sockets:
            sock.close()
        if remove and self.file is not None and not self.given:
            there = _stat(path)
            if there is not None and os.path.samestat(there, self.file):
                with contextlib.suppress(OSError):
                    os.unlink(path)


class Sockets:
    """An address has one socket, or, where several workers serve and the system can spread connections over them, one
    for each worker. A socket once made is kept as long as its address is used: what waits in its queue is not lost.
    """

    def __init__(self, inherited: Inherited | None = None, are_shared: Callable[[], bool] = lambda: False) -> None:
        """``are_shared``: whether another master listens too; the files of unix sockets are then left to it."""
        self._bound: dict[Address, Bound] = {}
        self._given: dict[Address, Bound] = {}
        """What is open already and no configuration has asked for so far."""
        self._inherited = inherited
        if inherited is not None:
            self._given = {
                address: Bound(socks, given=inherited.systemd) for address, socks in inherited.sockets.items()
            }
        self._are_shared = are_shared

    def bind(self, site: Site) -> None:
        """Bind the addresses that are not bound yet: all of them, or none and ConfigError."""
        new: dict[Address, Bound] = {}
        try:
            for listener in site.listeners:
                address = listener.address
                if address not in self._bound and address not in self._given:
                    beside = self._beside(address, new)
                    # what comes to `127.0.0.1:80` must not wait there while workers still accept at `*:80`
                    hears = not (beside and self._bound)
                    new[address] = Bound([open_socket(listener, beside, hears=hears)])
        except ConfigError:
            for bound in new.values():
                bound.close(remove=True)
            raise
        self._bound |= new
        for listener in site.listeners:
            address = listener.address
            if address not in self._bound:
                self._bound[address] = self._given.pop(address)
            if address not in new:
                apply_options(self._bound[address].sockets, listener)
        self._judge_the_rest()

    def _beside(self, address: Address, new: dict[Address, Bound]) -> list[socket.socket]:
        """Our own sockets at the same port, which may be in the way: ``*:80`` of ``127.0.0.1:80``, and vice versa."""
        everywhere = {**self._given, **self._bound, **new}
        near = (bound for other, bound in everywhere.items() if other.path is None and other.port == address.port)
        return [sock for bound in near for sock in bound.sockets]

    def _judge_the_rest(self) -> None:
        """At the start, what nobody wants of systemd's is a mistake, and of an old master's is over."""
        inherited, self._inherited = self._inherited, None
        if inherited is None:
            return
        for address in inherited.sockets.keys() - self._given.keys():
            del inherited.sockets[address]
        for problem in inherited.unwanted():
            raise ConfigError(problem)
        for bound in self._given.values():
            bound.close(remove=False)
        self._given.clear()

    def spread(self, site: Site, workers: int) -> None:
        """Listen at every address, which is bound, and where the system spreads connections evenly have a socket for
        each worker.

        From now on each of them gets its part, so that each must be served. Raises OSError.
        """
        for listener in site.listeners:
            apply_options(self._bound[listener.address].sockets, listener)
        if sys.platform != "linux":
            return
        for listener in site.listeners:
            socks = self._bound[listener.address].sockets
            if listener.address.path is not None or len(socks) >= workers:
                continue
            try:
                # only now: with it set before the address was bound, another pyproxy could be listening there
                share_port(socks)
                while len(socks) < workers:
                    socks.append(open_socket(listener, reuseport=True))
            except (ConfigError, OSError):
                return  # workers share, then

    def of(self, site: Site) -> list[socket.socket]:
        """The first socket of every address of a site, in the order of its listeners."""
        return [self._bound[listener.address].sockets[0] for listener in site.listeners]

    def share(self, site: Site, worker: int, workers: int) -> list[list[socket.socket]]:
        """What the worker of that number, counted from 0, accepts on: for every listener its sockets."""
        shares = []
        for listener in site.listeners:
            socks = self._bound[listener.address].sockets
            shares.append(socks[worker::workers] or [socks[worker % len(socks)]])
        return shares

    def keep(self, site: Site | None = None) -> None:
        """Close those that the site does not use (without a site, all of them)."""
        used = {listener.address for listener in site.listeners} if site is not None else set()
        for address in set(self._bound) - used:
            bound = self._bound.pop(address)
            if bound.given and site is not None:
                self._given[address] = bound  # a later configuration could not open it
            else:
                bound.close(remove=not self._are_shared())
        if site is None:
            for bound in self._given.values():
                bound.close(remove=False)
            self._given.clear()

    def descriptors(self) -> list[int]:
        """All of them, to hand over."""
        return [sock.fileno() for bound in self._bound.values() for sock in bound.sockets]


def _stat(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)
    except (OSError, ValueError):  # an abstract one has no file
        return None
