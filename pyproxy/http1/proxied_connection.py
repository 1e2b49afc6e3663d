"""A connection that begins with a header of the PROXY protocol (``listen ... proxy_protocol``)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from pyproxy.core.addresses.proxy_protocol import BrokenHeader, Proxied, read
from pyproxy.core.logs.log import ERROR
from pyproxy.http1.connection import ClientConnection

if TYPE_CHECKING:
    from pyproxy.http1.server import Http1Server


class ProxiedConnection(ClientConnection):
    """Reads the header, then is a connection like any other; ``proxied`` is what the header says."""

    __slots__ = ("_awaited", "_begun", "proxied")

    def __init__(self, server: Http1Server) -> None:
        super().__init__(server)
        self.proxied: Proxied | None = None
        self._awaited = True
        self._begun = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        # the wildcard of a port may want what a particular address on it does not
        self._awaited = self.listener.proxy_protocol

    def data_received(self, data: bytes) -> None:
        if not self._awaited:
            super().data_received(data)
            return
        self._begun += data
        try:
            found = read(self._begun)
        except BrokenHeader as error:
            log = self.listener.names.default.default_location.error_log
            log.write(
                ERROR, f"*{self.serial} {error} while reading PROXY protocol, client: {self.remote_addr.decode()}"
            )
            self._transport.abort()
            return
        if found is None:
            return
        self._awaited = False
        self.proxied, length = found
        rest, self._begun = self._begun[length:], b""
        if rest:
            super().data_received(rest)
