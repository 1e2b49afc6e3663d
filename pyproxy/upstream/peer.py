"""One upstream server: its address, how it has been doing, and the idle connections to it."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from pyproxy.config.values import Address
from pyproxy.upstream.connection import UpstreamConnection

if TYPE_CHECKING:
    from pyproxy.upstream.bind import LocalAddress
    from pyproxy.upstream.exchange import Exchange
    from pyproxy.upstream.group import Keepalive


class Peer:
    """A ``server`` of an upstream group. Weights and failures count as in nginx's round robin."""

    __slots__ = (
        "active",
        "address",
        "backup",
        "bound",
        "checked",
        "current_weight",
        "down",
        "effective_weight",
        "fail_timeout",
        "failed_at",
        "fails",
        "idle",
        "keepalive",
        "max_conns",
        "max_fails",
        "name",
        "weight",
    )

    def __init__(self, address: Address, keepalive: Keepalive) -> None:
        self.address = address
        self.name = str(address)
        self.keepalive = keepalive
        self.weight = self.effective_weight = 1
        self.current_weight = 0
        self.max_fails = 1
        self.fail_timeout = 10.0
        self.max_conns = 0
        self.backup = False
        self.down = False
        self.fails = 0
        self.failed_at = self.checked = 0.0
        self.active = 0
        """Requests that it is busy with, or is being connected to for."""
        self.idle: deque[UpstreamConnection] = deque()
        self.bound: deque[UpstreamConnection] = deque()
        """Those that were made from a particular local address (``proxy_bind``): no other request takes them."""

    def available(self, now: float) -> bool:
        """Whether it may be asked: not down, not full, and not failed too often within ``fail_timeout``."""
        if self.down or (self.max_conns and self.active >= self.max_conns):
            return False
        return not self.max_fails or self.fails < self.max_fails or now - self.checked > self.fail_timeout

    def failed(self, now: float) -> bool:
        """An attempt ended in an error or a timeout. True if that was one too many, for the next ``fail_timeout``."""
        self.fails += 1
        self.failed_at = self.checked = now
        if self.max_fails:
            self.effective_weight = max(0, self.effective_weight - self.weight // self.max_fails)
        return 0 < self.max_fails <= self.fails

    def succeeded(self) -> None:
        """It answered: past failures are forgotten once they are older than the last check."""
        if self.fails and self.failed_at < self.checked:
            self.fails = 0

    def take(self) -> UpstreamConnection | None:
        """The idle connection that was used last, which is the one least likely to be closed by the other end."""
        return self.idle.pop() if self.idle else None

    def take_from(self, local: LocalAddress | None) -> UpstreamConnection | None:
        """The last one that was made from that local address (``proxy_bind``)."""
        if local is None:
            return self.take()
        found = next((connection for connection in reversed(self.bound) if connection.local == local), None)
        if found is not None:
            self.bound.remove(found)
        return found

    def put(self, connection: UpstreamConnection) -> None:
        """Keep a connection for the next request, or close it if enough are kept."""
        idle = self.idle if connection.local is None else self.bound
        if len(idle) >= self.keepalive.connections:
            if not self.keepalive.connections:
                connection.close()
                return
            idle.popleft().close()
        idle.append(connection)

    def forget(self, connection: UpstreamConnection) -> None:
        """An idle connection was closed by the other end."""
        for idle in (self.idle, self.bound):
            if connection in idle:
                idle.remove(connection)

    def close(self) -> None:
        """Close what is idle: this configuration is over."""
        for idle in (self.idle, self.bound):
            while idle:
                idle.pop().close()

    def connect(self, exchange: Exchange, timeout: float) -> asyncio.Task[None]:
        """Open a new connection; the exchange hears of it by ``connected`` or ``connect_failed``."""
        return exchange.worker.spawn(self._connect(exchange, timeout))

    async def _connect(self, exchange: Exchange, seconds: float) -> None:
        loop = exchange.worker.loop
        address, local = self.address, exchange.local

        def make() -> UpstreamConnection:
            connection = UpstreamConnection(exchange, self)
            connection.local = local
            return connection

        try:
            async with asyncio.timeout(seconds):
                # the connection itself tells the exchange, so that nothing can happen to it before it is in use
                if address.path is not None:
                    await loop.create_unix_connection(make, address.path)
                else:
                    await loop.create_connection(make, address.host, address.port, local_addr=local)
        except Exception as error:
            # OSError mostly; a name that cannot be encoded is a ValueError
            exchange.connect_failed(self, error)
