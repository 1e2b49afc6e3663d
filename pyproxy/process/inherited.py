"""Listening sockets that were open before this process began: an old pyproxy's (USR2), or systemd's."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterator, MutableMapping

from pyproxy.config.tree import ConfigError
from pyproxy.config.values import Address

NGINX = "NGINX"
"""The environment variable in which an old master tells a new one its sockets: ``6;7;``, as nginx does."""
FIRST = 3
"""The first descriptor that systemd hands over (sd_listen_fds)."""


class Inherited:
    """The sockets by address, several where an old master had one for each worker."""

    def __init__(self, environment: MutableMapping[str, str]) -> None:
        """Take what the environment names out of it, so that no child believes to be meant. Raises ConfigError."""
        self.sockets: dict[Address, list[socket.socket]] = {}
        self._names: dict[Address, str] = {}
        numbers = environment.get(NGINX)
        self.upgrade = numbers is not None and re.fullmatch(r"(\d+[;:])*", numbers) is not None
        """Whether an old master has started this process to take its place."""
        if self.upgrade:
            for fd in re.findall(r"\d+", environment.pop(NGINX)):
                self._add(NGINX, int(fd), "")
        systemd = {name: environment.pop(f"LISTEN_{name}", "") for name in ("PID", "FDS", "FDNAMES")}
        self.systemd = systemd["PID"] == str(os.getpid())
        if self.systemd:
            names = systemd["FDNAMES"].split(":")
            for place in range(int(systemd["FDS"] or 0)):
                self._add("LISTEN_FDS", FIRST + place, names[place] if place < len(names) else "")

    def _add(self, variable: str, fd: int, name: str) -> None:
        try:
            os.set_inheritable(fd, False)
            sock = socket.socket(fileno=fd)
            listens = sock.type == socket.SOCK_STREAM and sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
        except OSError as error:
            raise ConfigError(f"{variable} names descriptor {fd}, which is no socket: {error.strerror}") from None
        if not listens:
            raise ConfigError(f"{variable} names descriptor {fd}, which does not listen: pyproxy needs ListenStream=")
        sock.setblocking(False)
        address = address_of(sock)
        self.sockets.setdefault(address, []).append(sock)
        self._names[address] = name

    def unwanted(self) -> Iterator[str]:
        """What to do with each socket of systemd's that is left: nobody would ever answer there."""
        if self.systemd:
            for address in self.sockets:
                name = f" ({self._names[address]})" if self._names[address] else ""
                yield (
                    f"systemd hands over a socket{name} for {address}, where no `listen` wants it: "
                    f"write `listen {address};`, or take its ListenStream= out of the .socket unit"
                )


def address_of(sock: socket.socket) -> Address:
    """Where a socket listens, in the spelling of ``Listener.address``."""
    name = sock.getsockname()
    return Address("", 0, os.fsdecode(name)) if sock.family == socket.AF_UNIX else Address(name[0], name[1])
