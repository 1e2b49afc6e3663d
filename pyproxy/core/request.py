"""One request and its response, the same for HTTP/1 and HTTP/2."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from pyproxy.core.files.pieces import PieceSender
from pyproxy.core.filters.chain import BodyChain, Refused, offer_ranges
from pyproxy.core.logs.log import CRIT
from pyproxy.core.parts import Part, PartFilter
from pyproxy.core.response import BARE, Field, Response
from pyproxy.core.route import Route

if TYPE_CHECKING:
    from pyproxy.core.message import RequestHead
    from pyproxy.core.spool import Spool
    from pyproxy.core.stream import Stream

AS_SENT, REWRITTEN, REWRITTEN_HERE = range(3)
"""Of a request's URI: the client's own; another; another without a new look for a location (``break``), so that it need
not begin with the location's path."""


class Carried(Protocol):
    """What comes into a response before the filters see it."""

    def enter(self, request: Request, response: Response) -> None: ...


class Producer(Protocol):
    """Who makes a response's body: told when the client cannot take more, can again, or is gone."""

    def pause(self) -> None: ...

    def resume(self) -> None: ...

    def client_gone(self) -> bool | None:
        """Let go of everything; True instead if the answer is made all the same (``proxy_ignore_client_abort``)."""

    def stop(self) -> None:
        """Let go of everything: no more of it is wanted."""


class BodySink(Protocol):
    """Who takes a request's body. ``body_end`` comes with its last bytes, or after them; ``body_failed`` with the
    status to answer (413, 400, 408)."""

    def body_data(self, data: bytes) -> None: ...

    def body_end(self, data: bytes = b"") -> None: ...

    def body_failed(self, status: int) -> None: ...


class Request:
    """One exchange. ``uri`` and ``args`` change with internal redirects; ``route`` keeps what the client asked."""

    __slots__ = (
        "args",
        "body",
        "body_refused",
        "captures",
        "carried",
        "chain",
        "complete",
        "enders",
        "error_fields",
        "error_page_used",
        "error_status",
        "finished",
        "handler",
        "head_size",
        "internal",
        "location",
        "method",
        "moved",
        "redirects",
        "response",
        "rewritten",
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
        self.body_refused = False
        """Whether it is too large for a location: then no page that is shown instead gets it."""
        self.handler: Producer | None = None
        """Who makes the answer, where that goes on: told of the client's pace."""
        self.chain: BodyChain | None = None
        """What the answer's body goes through, where a filter changes it."""
        self.response: Response | None = None
        self.upstream: Any = None
        """The exchange with an upstream, for the ``$upstream_*`` variables."""
        self.values: dict[str, Any] | None = None
        """Variables that were set or found, by name, and what else modules keep; subrequests share it."""
        self.enders: list[Callable[[], None]] | None = None
        self.error_status = 0
        """The status that an error or ``error_page`` insists on, 0 for the response's own."""
        self.error_page_used = False
        self.error_fields: tuple[Field, ...] = ()
        """What the error adds to the page that ``error_page`` shows for it (WWW-Authenticate, Content-Range)."""
        self.carried: Carried | None = None
        """What an answer that has led elsewhere has left for the final one (X-Accel-Redirect)."""
        self.sent = 0
        """Body bytes sent."""
        self.head_size = 0
        """Bytes of the response's head."""
        self.complete = False
        """Whether the response went out to its end."""
        self.redirects = 0
        self.internal = False
        """Whether a redirect inside the server has led here: then ``internal`` locations are open to it."""
        self.moved = False
        """Whether it is no longer where its route led: then nothing that the route remembers is true of it."""
        self.rewritten = AS_SENT
        """AS_SENT, REWRITTEN or REWRITTEN_HERE: what has become of the URI."""
        self.finished = False

    is_main = True
    """Whether a client asked for it; else it is a subrequest."""

    @property
    def main(self) -> Request:
        """The request that a client asked for, of which this may be part."""
        return self

    @property
    def head(self) -> RequestHead:
        """The request head as it was read."""
        return self.route.head

    @property
    def head_only(self) -> bool:
        """Whether the answer goes without its body."""
        return self.method == b"HEAD"

    def set_variable(self, name: str, value: bytes | None) -> None:
        """Let ``$name`` have a value from now on (``set``, a named group of a regular expression)."""
        if self.values is None:
            self.values = {}
        self.values[name] = value

    def respond(self, response: Response, body: bytes = b"") -> None:
        """Answer with a whole body at once."""
        self.start(response, body, True)

    def respond_with_file(self, response: Response, fd: int, size: int) -> None:
        """Answer with the first ``size`` bytes of an open file, or the parts that are asked for; closes it."""
        if not self._pass_head(response):
            os.close(fd)
            return
        bare = self.head_only or response.status in BARE
        self.stream.start(self, response, b"", bare)
        if bare:
            os.close(fd)
            return
        parts = response.parts or Part(0, size)
        if self.chain is None and isinstance(parts, Part):
            self.stream.send_file(fd, parts.start, parts.length)
        else:
            PieceSender(self, fd, parts.read(fd)).start()

    def start(self, response: Response, data: bytes = b"", last: bool = False) -> None:
        """Send the head, through the location's filters, with the first bytes of the body; ``last`` if these are all.

        Where a filter refuses the answer, its producer is told to stop.
        """
        response.single_range = not last
        if not self._pass_head(response):
            return
        if last and response.parts is not None and not response.sliced:
            data = response.parts.cut(data)
        if self.chain is None:
            self.stream.start(self, response, data, last)
        elif last:
            self.chain.answer(response, data)
        else:
            self.stream.start(self, response, b"", False)
            if data:
                self.chain.send(data)

    def _pass_head(self, response: Response) -> bool:
        """Let the filters see the head, and make the chain that the body goes through; False if they refuse it."""
        if self.carried is not None:
            self.carried.enter(self, response)
        if self.error_status:
            response.status, response.reason = self.error_status, b""
        if self.error_fields:
            response.fields += self.error_fields
        # what the filters add may speak of it: $status, $sent_http_content_type
        self.response = response
        location = self.location
        conditional = self.route.head.fields.names.conditional and self.is_main
        filters = location.conditional_filters if conditional else location.header_filters
        if filters:
            try:
                body_filters = [made for pass_on in filters if (made := pass_on(self, response)) is not None]
            except Refused:
                return False
            if response.single_range and isinstance(response.parts, Part) and not response.sliced:
                body_filters.insert(0, PartFilter(response.parts))
            if body_filters and not self.head_only and response.status not in BARE:
                self.chain = BodyChain(self, body_filters)
        if response.allow_ranges:
            offer_ranges(response)
        return True

    def send(self, data: bytes) -> None:
        """Send more of the body."""
        if self.chain is None:
            self.stream.send(data)
        else:
            self.chain.send(data)

    def flush(self) -> None:
        """Nothing more of the body comes for now."""
        if self.chain is not None:
            self.chain.flush()

    def finish(self) -> None:
        """The body is complete."""
        if self.chain is None:
            self.stream.finish()
        else:
            self.chain.finish()

    def produced_by(self, producer: Producer) -> None:
        """The rest of the body will come from ``producer``."""
        if self.chain is None:
            self.handler = producer
        else:
            self.chain.source = producer

    def give_up(self) -> None:
        """Another answer takes the place of the one that was about to begin."""
        if self.handler is not None:
            self.handler.stop()
            self.handler = None
        self.response = None

    def at_end(self, ender: Callable[[], None]) -> None:
        """Have this called when the exchange is over and logged; now if it is over. For the main request only."""
        if self.finished:
            ender()
        elif self.enders is None:
            self.enders = [ender]
        else:
            self.enders.append(ender)

    def log(self) -> None:
        """Write the access log and let go of the body; called once, when the exchange is over."""
        self.finished = True
        location = self.location
        try:
            if self.is_main or location.log_subrequest:
                for handler in location.log_handlers:
                    handler(self)
        except Exception as error:
            # a variable that cannot be had must not cost the connection
            self.complain(CRIT, f"cannot write the access log: {type(error).__name__}: {error}")
        if self.body is not None:
            self.body.close()
        # each knows the other: let go of it, or both would stay until Python looks for such circles
        self.upstream = None
        if self.enders is not None:
            for ender in self.enders:
                ender()

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
        if not self.is_main:
            text += f', subrequest: "{_shown(self.uri)}"'
        if self.upstream is not None and (url := self.upstream.url):
            text += f', upstream: "{url}"'
        if host := head.fields.get(b"host"):
            text += f', host: "{_shown(host)}"'
        if referrer := head.fields.get(b"referer"):
            text += f', referrer: "{_shown(referrer)}"'
        return text


def _shown(data: bytes) -> str:
    return data.decode("utf-8", "backslashreplace")
