"""The content handler of a location whose ``proxy_pass`` may name any server, where there is a ``resolver``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyproxy.core.logs.log import ERROR
from pyproxy.core.outcome import Outcome
from pyproxy.upstream.named_group import NamedGroup
from pyproxy.upstream.proxy_handler import ProxyHandler

if TYPE_CHECKING:
    from pyproxy.core.request import Request


class ResolvingProxyHandler(ProxyHandler):
    """Looks the server up first."""

    timeout = 30.0
    """Seconds that a request waits for the answer (``resolver_timeout``)."""

    def __call__(self, request: Request) -> Outcome:
        """Proxy at once where the name is known."""
        try:
            group = self.target.find(request).group
        except ValueError as error:
            request.complain(ERROR, str(error))
            return 500
        if not isinstance(group, NamedGroup) or group.known():
            return super().__call__(request)
        return self._look_up(request, group)

    async def _look_up(self, request: Request, group: NamedGroup) -> Outcome:
        return super().__call__(request) if await group.look_up(request, self.timeout) else 502
