"""Where a request head leads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyproxy.core.captures import Captures
    from pyproxy.core.location import Location
    from pyproxy.core.message import RequestHead
    from pyproxy.core.site import Server


class Route:
    """Where a request head leads. One connection may remember it for the next request with the very same bytes."""

    __slots__ = ("args", "captures", "head", "location", "log_memo", "memo", "server", "uri")

    def __init__(
        self, head: RequestHead, uri: bytes, args: bytes, server: Server, location: Location, captures: Captures | None
    ) -> None:
        self.head = head
        self.uri = uri
        self.args = args
        self.server = server
        self.location = location
        self.captures = captures
        self.memo: Any = None
        """What the location's content handler remembers of it (the head to send upstream)."""
        self.log_memo: Any = None
        """What the access log remembers of it."""

    def again(self) -> Route:
        """The same for another connection, with nothing in it that is the first one's."""
        return Route(self.head, self.uri, self.args, self.server, self.location, self.captures)
