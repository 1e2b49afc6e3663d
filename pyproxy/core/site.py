"""What a configuration becomes: immutable-by-habit runtime objects, complete before a socket is opened."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pyproxy.config.tree import ConfigError
from pyproxy.core.access import AccessPhase
from pyproxy.core.logs.log import SiteLogs
from pyproxy.core.outcome import DONE as DONE
from pyproxy.core.outcome import GRANTED as GRANTED
from pyproxy.core.outcome import Handler as Handler
from pyproxy.core.outcome import Outcome as Outcome
from pyproxy.core.outcome import Refusal as Refusal
from pyproxy.core.ranges import MAX_RANGES
from pyproxy.core.routing import Locations, ServerNames
from pyproxy.zones.zone import Zone

if TYPE_CHECKING:
    from pyproxy.config.tree import Directive, Source
    from pyproxy.config.values import Address
    from pyproxy.core.captures import Captures
    from pyproxy.core.errorpages import ErrorPage
    from pyproxy.core.files.root import Root
    from pyproxy.core.files.served import Files
    from pyproxy.core.filters.chain import HeaderFilter
    from pyproxy.core.filters.encodings import Encodings
    from pyproxy.core.logs.log import ErrorLog, Logs
    from pyproxy.core.message import RequestHead
    from pyproxy.core.request import Request, Response
    from pyproxy.core.variables import Template

Varies = Callable[["Response"], bool]
"""Whether what a header filter does to that response depends on more than the configuration, or changes its body."""
ZoneKind = TypeVar("ZoneKind", bound=Zone)


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
    body_temp_path: str | None
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
        """The same for requests with conditions or ranges, which have filters of their own besides."""
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
        """Let a header filter see the responses, after those added before it; ``conditional``: only of requests with
        conditions or ranges."""
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


class Server:
    """One ``server``."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.names: list[str | re.Pattern[bytes]] = []
        self.name = b""
        """The first server_name, as ``$server_name`` shows it."""
        self.listens: list[Listen] = []
        self.locations = Locations()
        self.default_location: Location
        self.handlers: tuple[Handler, ...] = ()
        """The phases before a location is looked up."""
        self.rewrite_handlers: tuple[Handler, ...] = ()
        """Of these, what runs again when an internal redirect starts over."""
        self.steady = True
        """Whether they lead every request of one head to the same location (``Script.steady``)."""
        self.header_timeout = 60.0
        self.header_buffers = (4, 8192)
        self.header_buffer_size = 1024
        self.max_headers = 1000
        self.ignore_invalid_headers = True
        self.underscores_in_headers = False
        self.merge_slashes = True
        self.allow_connect = False
        """Whether a location of it makes tunnels (``tunnel_pass``): else CONNECT is refused."""
        self._phases: list[tuple[Phase, Handler]] = []

    def add_handler(self, phase: Phase, handler: Handler) -> None:
        """Let ``handler`` run in POST_READ or SERVER_REWRITE, after those added before it."""
        self._phases.append((phase, handler))
        ordered = sorted(self._phases, key=lambda pair: pair[0])
        self.handlers = tuple(handler for _, handler in ordered)
        self.rewrite_handlers = tuple(handler for phase, handler in ordered if phase is Phase.SERVER_REWRITE)
        self.steady = all(getattr(handler, "steady", False) for handler in self.handlers)

    def route(self, uri: bytes, captures: Captures | None) -> tuple[Location, Captures | None]:
        """Where a request begins: its location, or the server itself if handlers of it run before that is looked up."""
        if self.handlers:
            return self.default_location, captures
        location, captures = self.locations.find(uri, captures)
        return location or self.default_location, captures


class Listen:
    """One ``listen`` of a server."""

    __slots__ = ("address", "default_server", "options", "proxy_protocol", "source")

    def __init__(
        self,
        address: Address,
        default_server: bool,
        options: dict[str, Any],
        source: Source,
        proxy_protocol: bool = False,
    ) -> None:
        self.address = address
        self.default_server = default_server
        self.options = options
        self.source = source
        self.proxy_protocol = proxy_protocol


class Listener:
    """One address to listen on, with the servers behind it.

    Where a wildcard address and a particular one share a port, only the wildcard is bound, and
    ``particular`` holds the servers of the others by local address, as nginx does.
    """

    __slots__ = ("address", "names", "options", "particular", "proxy_protocol", "source")

    def __init__(self, address: Address, names: ServerNames, options: dict[str, Any], source: Source) -> None:
        self.address = address
        self.names = names
        self.options = options
        self.source = source
        self.particular: dict[bytes, Listener] = {}
        self.proxy_protocol = False
        """Whether connections begin with a header of the PROXY protocol."""


@dataclass(frozen=True, slots=True)
class User:
    """Whom the workers of a master that is root become."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Processes:
    """The processes that serve a site."""

    directives: tuple[Directive, ...]
    """The whole configuration, for the workers to compile."""
    workers: int
    master: bool
    """Whether a master starts the workers; else one process does everything."""
    user: User | None
    connections: int | None
    """The connections of each process; None: as many as there are descriptors for."""
    descriptors: int | None
    """The files that each worker may open (``worker_rlimit_nofile``); None: as many as it may without rights."""


class Site:
    """The whole compiled configuration."""

    def __init__(self, prefix: str, logs: Logs) -> None:
        self.prefix = prefix
        self.folder = prefix
        """Where the configuration file is: nginx looks there for the files that belong to it."""
        self.logs = SiteLogs(logs, prefix)
        self.warnings: list[str] = []
        self.servers: list[Server] = []
        self.resolved: dict[Address, list[Address]] = {}
        """What the addresses in ``listen`` mean, names resolved."""
        self.listeners: list[Listener] = []
        self.programs: list[Directive] = []
        self.upstreams: dict[str, Any] = {}
        self.folders: set[str] = set()
        """Where workers write files of their own (temporary ones)."""
        self.zones: dict[str, Zone] = {}
        self.closers: list[Callable[[], None]] = []
        """Called when the last connection of this configuration has ended (pools, files)."""
        self.shortest_timeout = 60.0
        """The smallest time of any directive, in seconds: how finely deadlines must be watched."""
        self.processes: Processes
        self.pid_file = ""
        self.shutdown_timeout: float | None = None
        """Seconds that requests may go on after a stop or a reload (``worker_shutdown_timeout``)."""
        self.error_log: ErrorLog

    def watch(self, seconds: float) -> None:
        """Have deadlines of that length kept in time."""
        self.shortest_timeout = min(self.shortest_timeout, seconds)

    def declare_zone(self, zone: Zone) -> None:
        """Make a zone known. Raises ValueError if there is one of that name."""
        if (first := self.zones.setdefault(zone.name, zone)) is not zone:
            raise ValueError(f'the zone "{zone.name}" is declared in {first.source} already')

    def zone(self, name: str, kind: type[ZoneKind], user: Directive) -> ZoneKind:
        """The zone of that name, for the directive that uses it. Raises ConfigError."""
        zone = self.zones.get(name)
        if zone is None:
            raise ConfigError(
                f'`{user.name}`: there is no zone "{name}", declare it with `{kind.directive}` in http', user.source
            )
        if not isinstance(zone, kind):
            raise ConfigError(
                f'`{user.name}`: the zone "{name}" is a `{zone.directive}`, see {zone.source}', user.source
            )
        return zone

    @property
    def prefix_path(self) -> Path:
        """Where relative paths count from."""
        return Path(self.prefix)
