"""``syslog:server=...`` as a log: RFC 3164's messages, as nginx writes them."""

from __future__ import annotations

import re
import socket
import time

from pyproxy.config import values
from pyproxy.core.dates import syslog_time
from pyproxy.core.logs.log import LEVELS, SiteLogs
from pyproxy.core.logs.logfile import LogFile
from pyproxy.core.logs.logsink import SocketAddress, SyslogSink

PREFIX = "syslog:"
PORT = 514
_FACILITIES = (
    *("kern", "user", "mail", "daemon", "auth", "intern", "lpr", "news", "uucp", "clock", "authpriv", "ftp"),
    *("ntp", "audit", "alert", "cron", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"),
)
_PARAMETERS = frozenset({"server", "facility", "severity", "tag", "nohostname"})
_TAG = re.compile(r"[0-9A-Za-z_]{0,32}").fullmatch


class SyslogParameters:
    """What is written after ``syslog:``."""

    def __init__(self, text: str) -> None:
        """``text`` begins with ``syslog:``. Raises ValueError."""
        given: dict[str, str] = {}
        for parameter in text.removeprefix(PREFIX).split(","):
            name, equals, value = parameter.partition("=")
            if name not in ("server", "facility", "severity", "tag", "nohostname") or (name == "nohostname") == bool(
                equals
            ):
                raise ValueError(f'unknown syslog parameter "{parameter}"')
            if name in given and name != "nohostname":
                raise ValueError(f'duplicate syslog "{name}"')
            given[name] = value
        if "server" not in given:
            raise ValueError("no syslog server specified, write for example syslog:server=127.0.0.1")
        self.server = given["server"]
        self.address = values.server_address(self.server, PORT)
        facility, severity = given.get("facility", "local7"), given.get("severity", "info")
        if facility not in _FACILITIES:
            raise ValueError(f'unknown syslog facility "{facility}", expected one of {", ".join(_FACILITIES)}')
        if severity not in LEVELS:
            raise ValueError(f'unknown syslog severity "{severity}", expected one of {", ".join(LEVELS)}')
        self.facility = _FACILITIES.index(facility) * 8
        self.severity = LEVELS[severity]
        self.tag = given.get("tag", "nginx")
        if not _TAG(self.tag):
            raise ValueError(
                f'invalid syslog tag "{self.tag}", it has at most 32 characters: ASCII letters, digits and underscores'
            )
        self.with_hostname = "nohostname" not in given

    def open(self, logs: SiteLogs) -> Syslog:
        """The log. Raises OSError if the server's name cannot be resolved."""
        family, address = _resolve(self.address)
        file = logs.share(f"{PREFIX}{address}", lambda: SyslogSink(self.server, family, address))
        return Syslog(file, self)


def _resolve(server: values.Address) -> tuple[socket.AddressFamily, SocketAddress]:
    if server.path is not None:
        return socket.AF_UNIX, server.path
    family, _, _, _, address = socket.getaddrinfo(server.host, server.port, type=socket.SOCK_DGRAM)[0]
    return family, address


class Syslog:
    """One target: lines for a server, with the head that this line of the configuration wants."""

    def __init__(self, file: LogFile, parameters: SyslogParameters) -> None:
        self.file = file
        """Shared by all that go to the same server."""
        self._facility = parameters.facility
        self._priority = self._facility + parameters.severity - 1
        hostname = f" {socket.gethostname().lower()}" if parameters.with_hostname else ""
        self._head = f"{hostname} {parameters.tag}: ".encode()

    def write(self, line: bytes) -> None:
        """Send a line of an access log."""
        self.file.write(b"<%d>%b%b%b" % (self._priority, syslog_time(int(time.time())), self._head, line))

    def write_at(self, level: int, line: bytes) -> None:
        """Send a line of an error log: its level is the severity."""
        head = b"<%d>%b%b" % (self._facility + level - 1, syslog_time(int(time.time())), self._head)
        self.file.write_at(level, head + line)
