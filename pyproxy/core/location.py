"""A location: where requests for some URIs end, and all that holds there."""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from pyproxy.core.access import AccessPhase
from pyproxy.core.outcome import Handler
from pyproxy.core.ranges import MAX_RANGES

if TYPE_CHECKING:
    from pyproxy.config.tree import Source
    from pyproxy.core.errorpages import ErrorPage
    from pyproxy.core.files.root import Root
    from pyproxy.core.files.served import Files
    from pyproxy.core.files.temporary import TemporaryFolder
    from pyproxy.core.filters.chain import HeaderFilter
    from pyproxy.core.filters.encodings import Encodings
    from pyproxy.core.logs.log import ErrorLog
    from pyproxy.core.message import RequestHead
    from pyproxy.core.request import Request
    from pyproxy.core.response import Response
    from pyproxy.core.routing import Locations
    from pyproxy.core.site import Server
    from pyproxy.core.variables import Template

Varies = Callable[["Response"], bool]
"""Whether what a header filter does to that response depends on more than the configuration, or changes its body."""


class Phase(IntEnum):
    """nginx's phases, in the order in which they run; the first two belong to a server, the others to a location."""

    POST_READ = 1
    SERVER_REWRITE = 2
    REWRITE = 3
    PREACCESS = 4
    ACCESS = 5
    PRECONTENT = 6
    CONTENT = 7


class Limits:
    """Client-side limits of one server or location. Times in seconds, sizes in bytes."""

    __slots__ = (
        "body_buffer_size",
        "body_in_file_only",
        "body_temp_path",
        "body_timeout",
        "keepalive_disable",
        "keepalive_min_timeout",
        "keepalive_requests",
        "keepalive_time",
        "keepalive_timeout",
        "keepalive_timeout_header",
        "lingering_close",
        "lingering_time",
        "lingering_timeout",
        "max_body_size",
        "send_timeout",
        "subrequest_output_buffer_size",
    )

    body_buffer_size: int
    body_in_file_only: str
    """``off``, or that whole bodies go to files with names: ``on`` keeps these, ``clean`` does not."""
    body_timeout: float
    body_temp_path: TemporaryFolder | None
    keepalive_disable: tuple[Callable[[RequestHead], bool], ...]
    """Whose connections are not kept: one of these says so."""
    keepalive_min_timeout: float
    keepalive_requests: int
    keepalive_time: float
    keepalive_timeout: float
    keepalive_timeout_header: int
    lingering_close: str
    lingering_time: float
    lingering_timeout: float
    max_body_size: int
    send_timeout: float
    subrequest_output_buffer_size: int


class Location:
    """One ``location``, or the level of a server that no location matches. A phase that is not used does not exist."""

    def __init__(self, server: Server, name: str, source: Source) -> None:
        self.server = server
        self.name = name
        """As written, without its modifier: a path, a regular expression, or ``@name``."""
        self.source = source
        self.path = b""
        """What it matches, where that is a path."""
        self.regex: re.Pattern[bytes] | None = None
        self.no_regex = False
        self.internal = False
        self.redirects_to_slash = False
        self.nested: Locations | None = None
        self.uninitialized_variable_warn = True
        self.satisfy_any = False
        self.auth_delay = 0.0
        self.limits = Limits()
        self.root: Root
        """Where its files are: ``root`` or ``alias``."""
        self.files: Files
        """How they are opened, kept and answered with."""
        self.content_type: Callable[[bytes], bytes] = lambda uri: b"text/plain"
        """The type of a path by its extension: ``types`` and ``default_type``."""
        self.error_pages: dict[int, ErrorPage] = {}
        self.recursive_error_pages = False
        self.absolute_redirect = True
        self.port_in_redirect = True
        self.server_name_in_redirect = False
        self.msie_refresh = False
        self.server_tokens = True
        self.error_log: ErrorLog
        self.log_subrequest = False
        self.log_handlers: tuple[Callable[[Request], None], ...] = ()
        self.chunked_transfer_encoding = True
        self.max_ranges = MAX_RANGES
        self.slice = 0
        """Bytes of an answer that upstreams are asked for at a time, 0 for all."""
        self.encodings: Encodings
        """Whom gzip may be sent to."""
        self.header_filters: tuple[HeaderFilter, ...] = ()
        self.conditional_filters: tuple[HeaderFilter, ...] = ()
        """The same for such requests as ``Names.conditional`` tells of, which have filters of their own besides."""
        self.varying: tuple[Varies, ...] = ()
        """What tells whether a response is each request's own, after the filters; it is not if none says so."""
        self.early_hints: tuple[Template, ...] = ()
        """If one of them is neither empty nor 0, a 103 of the upstream goes through."""
        self.options: dict[str, Any] = {}
        """What modules keep here for their variables, by the directive's name."""
        self.content: Handler | None = None
        """The handler that a directive such as ``proxy_pass`` sets: it replaces the content phase."""
        self.handlers: tuple[Handler, ...] = ()
        self.only_handler: Handler | None = None
        """Set where nothing else stands in a request's way: no other phase, and no condition on the location."""
        self._phases: list[tuple[Phase, Handler]] = []

    def add_handler(self, phase: Phase, handler: Handler) -> None:
        """Let ``handler`` run in ``phase``, after those added before it."""
        self._phases.append((phase, handler))

    def add_filter(self, header_filter: HeaderFilter, varies: Varies | None = None, conditional: bool = False) -> None:
        """Let a header filter see the responses, after those added before it; ``conditional``: only to requests whose
        fields may ask for something else than the plain answer (``Names.conditional``)."""
        self.conditional_filters += (header_filter,)
        if not conditional:
            self.header_filters += (header_filter,)
            if varies is not None:
                self.varying += (varies,)

    def seal(self) -> None:
        """Freeze the way through this location."""
        if self.content is not None:
            self._phases = [pair for pair in self._phases if pair[0] is not Phase.CONTENT]
            self.add_handler(Phase.CONTENT, self.content)
        if access := tuple(handler for phase, handler in self._phases if phase is Phase.ACCESS):
            self._phases = [pair for pair in self._phases if pair[0] is not Phase.ACCESS]
            self.add_handler(Phase.ACCESS, AccessPhase(access, self.satisfy_any, self.auth_delay))
        self.handlers = tuple(handler for _, handler in sorted(self._phases, key=lambda pair: pair[0]))
        if len(self.handlers) == 1 and not (self.internal or self.redirects_to_slash or self.server.handlers):
            self.only_handler = self.handlers[0]
