"""What a configuration becomes: immutable-by-habit runtime objects, complete before a socket is opened."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pyproxy.config.tree import ConfigError
from pyproxy.core.location import Phase
from pyproxy.core.logs.log import SiteLogs
from pyproxy.core.routing import Locations, ServerNames
from pyproxy.zones.zone import Zone

if TYPE_CHECKING:
    from pyproxy.config.tree import Directive, Source
    from pyproxy.config.values import Address
    from pyproxy.core.captures import Captures
    from pyproxy.core.location import Location
    from pyproxy.core.logs.log import ErrorLog, Logs
    from pyproxy.core.outcome import Handler

ZoneKind = TypeVar("ZoneKind", bound=Zone)


class Server:
    """One ``server``. Times in seconds, sizes in bytes."""

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
        """How many, and the size of each."""
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
        location, captures, _ = self.locations.search(uri, captures)
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
