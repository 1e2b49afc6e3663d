"""The content handler of a location with ``tunnel_pass``: CONNECT requests become tunnels to the server they name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pyproxy.core.logs.log import ERROR
from pyproxy.core.message import Fields, Names, Pair, ResponseHead
from pyproxy.core.outcome import DONE, Outcome
from pyproxy.core.request import Request
from pyproxy.core.response import Response
from pyproxy.http1.head import ResponseParser
from pyproxy.http1.memory import Memory
from pyproxy.upstream.exchange import Exchange
from pyproxy.upstream.named_group import NamedGroup
from pyproxy.upstream.options import Options

if TYPE_CHECKING:
    from pyproxy.core.variables import Template
    from pyproxy.upstream.connection import UpstreamConnection
    from pyproxy.upstream.group import Group
    from pyproxy.upstream.target import Targets

ANSWER = ResponseHead(11, 200, b"", Fields(Names(()), ()))
"""What a server that nothing is asked of would have said."""


class TunnelHandler:
    """Serves one location; what its exchanges ask of a protocol is answered here too."""

    def __init__(self, address: Template, targets: Targets, options: Options, resolver_timeout: float) -> None:
        """``address`` makes ``host:port`` or the name of a group. Raises ValueError if a constant one is neither."""
        self.options = options
        self.parser = ResponseParser()
        self.remembered: Memory[tuple[ResponseHead, Response]] = Memory(0, 0, 0)
        self._address = address
        self._targets = targets
        self._resolver_timeout = resolver_timeout
        self._group: Group | None = None
        if (constant := address.constant) is not None:
            self._group = targets.find(f"http://{constant.decode()}").group
        else:
            targets.close_with_site()

    def __call__(self, request: Request) -> Outcome:
        """Open a tunnel."""
        if request.method != b"CONNECT":
            return 405
        group = self._group
        if group is None:
            try:
                address = self._address.render(request).decode("utf-8", "surrogateescape")
                group = self._targets.find_at_work(f"http://{address}").group
            except ValueError as error:
                request.complain(ERROR, str(error))
                return 500
        if isinstance(group, NamedGroup) and not group.known():
            return self._look_up(request, group)
        TunnelExchange(request, self, group).start()
        return DONE

    async def _look_up(self, request: Request, group: NamedGroup) -> Outcome:
        if not await group.look_up(request, self._resolver_timeout):
            return 502
        if not request.finished:
            TunnelExchange(request, self, group).start()
        return DONE

    def response(self, request: Request, exchange: Exchange, block: bytes, head: ResponseHead) -> Response:
        """The client learns that the tunnel is open."""
        return Response(200, [])

    def early_hints(self, request: Request, head: ResponseHead, size: int) -> None:
        """There are none."""

    def trailers(self, request: Request, pairs: Sequence[Pair]) -> None:
        """There are none."""


class TunnelExchange(Exchange):
    """Asks a server for nothing but to be there."""

    def __init__(self, request: Request, handler: TunnelHandler, group: Group) -> None:
        super().__init__(request, handler, group, b"", b"CONNECT", group.name)

    @property
    def url(self) -> str:
        """The server, for log lines."""
        return self.attempts[-1].peer.name if self.attempts else self.group.name

    def connected(self, connection: UpstreamConnection, now: float) -> None:
        """That is all that was wanted."""
        self._connecting = None
        self.connection = connection
        self.attempts[-1].connected = now
        connection.begin_tunnel(self)
        self.switched(ANSWER)
        # nobody has said it, and nginx shows none either
        self.attempts[-1].status = 0
