"""One request and its response, the same for HTTP/1 and HTTP/2."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from pyproxy.core.log import CRIT

if TYPE_CHECKING:
    from pyproxy.core.message import RequestHead
    from pyproxy.core.regex import Captures
    from pyproxy.core.site import Location, Server
    from pyproxy.core.spool import Spool
    from pyproxy.core.stream import Stream

Field = tuple[bytes, bytes]


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


class Response:
    """A response head. ``length`` is that of the body in bytes, None where only its end will tell."""

    __slots__ = ("block", "block_second", "date", "fields", "length", "reason", "server", "shared", "status")

    def __init__(self, status: int, fields: list[Field], length: int | None = None, reason: bytes = b"") -> None:
        self.status = status
        self.fields = fields
        self.length = length
        self.reason = reason
        self.server: bytes | None = None
        self.date: bytes | None = None
        """The upstream's own, where ``proxy_pass_header`` lets them through."""
        self.shared = False
        """Remembered and sent again to others: it has been through the filters already."""
        self.block = b""
        """Its bytes on an HTTP/1.1 connection that stays open; belongs to the second ``block_second``."""
        self.block_second = 0

    def get(self, name: bytes) -> bytes | None:
        """The first value of a field, by its lower-case name."""
        for key, value in self.fields:
            if key.lower() == name:
                return value
        return None

    def remove(self, name: bytes) -> None:
        """Take out every field of that lower-case name."""
        self.fields = [field for field in self.fields if field[0].lower() != name]


class Producer(Protocol):
    """Who makes a response's body: told when the client cannot take more, can again, or is gone."""

    def pause(self) -> None: ...

    def resume(self) -> None: ...

    def client_gone(self) -> bool | None:
        """Let go of everything; True instead if the answer is made all the same (``proxy_ignore_client_abort``)."""


class BodySink(Protocol):
    """Who takes a request's body. ``body_failed`` comes with the status to answer (413, 400, 408)."""

    def body_data(self, data: bytes) -> None: ...

    def body_end(self) -> None: ...

    def body_failed(self, status: int) -> None: ...


class Request:
    """One exchange. ``uri`` and ``args`` change with internal redirects; ``route`` keeps what the client asked."""

    __slots__ = (
        "args",
        "body",
        "captures",
        "complete",
        "error_fields",
        "error_page_used",
        "error_status",
        "finished",
        "handler",
        "head_size",
        "internal",
        "location",
        "method",
        "redirects",
        "response",
        "route",
        "sent",
        "server",
        "started",
        "stream",
        "upstream",
        "uri",
        "values",
    )

    def __init__(self, stream: Stream, route: Route, started: float) -> None:
        self.stream = stream
        self.route = route
        self.started = started
        """time.time() when its first byte was read, in seconds."""
        self.method = route.head.method
        self.uri = route.uri
        self.args = route.args
        self.server = route.server
        self.location = route.location
        self.captures = route.captures
        self.body: Spool | None = None
        """The request's body, where it was read whole; it lasts as long as the request."""
        self.handler: Producer | None = None
        self.response: Response | None = None
        self.upstream: Any = None
        """The exchange with an upstream, for the ``$upstream_*`` variables."""
        self.values: dict[str, Any] | None = None
        """What modules keep of this request."""
        self.error_status = 0
        """The status that an error or ``error_page`` insists on, 0 for the response's own."""
        self.error_page_used = False
        self.error_fields: tuple[Field, ...] = ()
        """What the error adds to the page that ``error_page`` shows for it (WWW-Authenticate, Content-Range)."""
        self.sent = 0
        """Body bytes sent."""
        self.head_size = 0
        """Bytes of the response's head."""
        self.complete = False
        """Whether the response went out to its end."""
        self.redirects = 0
        self.internal = False
        """Whether it is no longer where its route led: then nothing that the route remembers is true of it."""
        self.finished = False

    @property
    def head(self) -> RequestHead:
        """The request head as it was read."""
        return self.route.head

    @property
    def head_only(self) -> bool:
        """Whether the answer goes without its body."""
        return self.method == b"HEAD"

    def respond(self, response: Response, body: bytes = b"") -> None:
        """Answer with a whole body at once."""
        self.start(response, body, True)

    def start(self, response: Response, data: bytes = b"", last: bool = False) -> None:
        """Send the head, through the location's filters, with the first bytes of the body."""
        if self.error_status:
            response.status, response.reason = self.error_status, b""
            response.fields += self.error_fields
        # what the filters add may speak of it: $status, $sent_http_content_type
        self.response = response
        for header_filter in self.location.header_filters:
            header_filter(self, response)
        self.stream.start(self, response, data, last)

    def send(self, data: bytes) -> None:
        """Send more of the body."""
        self.stream.send(data)

    def finish(self) -> None:
        """The body is complete."""
        self.stream.finish()

    def log(self) -> None:
        """Write the access log and let go of the body; called once, when the exchange is over."""
        self.finished = True
        if self.body is not None:
            self.body.close()
        try:
            for handler in self.location.log_handlers:
                handler(self)
        except Exception as error:
            # a variable that cannot be had must not cost the connection
            self.complain(CRIT, f"cannot write the access log: {type(error).__name__}: {error}")
        # each knows the other: let go of it, or both would stay until Python looks for such circles
        self.upstream = None

    def complain(self, level: int, message: str) -> None:
        """Write to the error log, with what identifies this request, as nginx does."""
        log = self.location.error_log
        if level <= log.level:
            log.write(level, f"*{self.stream.serial} {message}, {self.describe()}")

    def describe(self) -> str:
        """``client: ..., server: ..., request: "..."`` for log lines."""
        head = self.head
        text = f"client: {_shown(self.stream.remote_addr)}, server: {_shown(self.server.name)}"
        if head.line:
            text += f', request: "{_shown(head.line)}"'
        if self.upstream is not None and (url := self.upstream.url):
            text += f', upstream: "{url}"'
        if host := head.fields.get(b"host"):
            text += f', host: "{_shown(host)}"'
        if referrer := head.fields.get(b"referer"):
            text += f', referrer: "{_shown(referrer)}"'
        return text


def _shown(data: bytes) -> str:
    return data.decode("utf-8", "backslashreplace")
