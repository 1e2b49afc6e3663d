"""Bytes both ways after a 101: a WebSocket between client and upstream."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyproxy.upstream.connection import UpstreamConnection
    from pyproxy.upstream.exchange import Exchange


class Tunnel:
    """Joins the two connections; each side's pace holds back the other."""

    __slots__ = ("_connection", "_exchange")

    def __init__(self, exchange: Exchange, connection: UpstreamConnection) -> None:
        self._exchange = exchange
        self._connection = connection

    # from the client

    def tunnel_data(self, data: bytes) -> None:
        """Bytes from the client."""
        self._connection.write(data)

    def tunnel_eof(self) -> None:
        """The client will send no more: the end for both, as in nginx. One that vanished looks the same."""
        self._connection.shut()
        self._exchange.answer_end()

    # from the upstream

    def answer_data(self, data: bytes) -> None:
        """Bytes from the upstream."""
        self._exchange.request.send(data)

    def answer_end(self) -> None:
        """The upstream closed."""
        self._exchange.request.handler = None
        self._exchange.request.finish()

    answer_broken = answer_end

    # the client's pace

    def pause(self) -> None:
        """The client takes no more for now."""
        self._connection.pause_reading()

    def resume(self) -> None:
        """It takes more."""
        self._connection.resume_reading()

    def client_gone(self) -> bool:
        """It left."""
        return self._exchange.client_gone()

    def stop(self) -> None:
        """Never: a tunnel is no answer that another could replace."""

    def close(self) -> None:
        """Nothing is held here."""
