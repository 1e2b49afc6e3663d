"""Listening sockets: bound before anything else starts, with messages that say what to do."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import stat
import sys

from pyproxy.config.tree import ConfigError
from pyproxy.config.values import Address
from pyproxy.core.site import Listener, Site

BACKLOG = 511
"""nginx's default."""


class Sockets:
    """The listening sockets of a process. They stay open from one configuration to the next.

    An address has one socket, or, where several workers serve and the system can spread connections over them, one for
    each worker. A socket once made is kept as long as its address is used: what waits in its queue is not lost.
    """

    def __init__(self) -> None:
        self._sockets: dict[Address, list[socket.socket]] = {}

    def bind(self, site: Site) -> None:
        """Bind the addresses that are not bound yet: all of them, or none and ConfigError."""
        new: dict[Address, list[socket.socket]] = {}
        try:
            for listener in site.listeners:
                if listener.address not in self._sockets:
                    new[listener.address] = [open_socket(listener)]
        except ConfigError:
            for socks in new.values():
                _close(socks)
            raise
        self._sockets |= new

    def spread(self, site: Site, workers: int) -> None:
        """Have a socket for each worker, at addresses that are bound, where the system spreads connections evenly.

        From now on each of them gets its part, so that each must be served.
        """
        if sys.platform != "linux":
            return
        for listener in site.listeners:
            socks = self._sockets[listener.address]
            if listener.address.path is not None or len(socks) >= workers:
                continue
            # only now: with it set before the address was bound, another pyproxy could be listening there
            socks[0].setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            try:
                while len(socks) < workers:
                    socks.append(_inet(listener, reuseport=True))
            except OSError:
                return  # workers share, then

    def of(self, site: Site) -> list[socket.socket]:
        """The first socket of every address of a site, in the order of its listeners."""
        return [self._sockets[listener.address][0] for listener in site.listeners]

    def share(self, site: Site, worker: int, workers: int) -> list[list[socket.socket]]:
        """What the worker of that number, counted from 0, accepts on: for every listener its sockets."""
        shares = []
        for listener in site.listeners:
            socks = self._sockets[listener.address]
            shares.append(socks[worker::workers] or [socks[worker % len(socks)]])
        return shares

    def keep(self, site: Site | None = None) -> None:
        """Close those that the site does not use (without a site, all of them)."""
        used = {listener.address for listener in site.listeners} if site is not None else set()
        for address in set(self._sockets) - used:
            _close(self._sockets.pop(address))


def _close(socks: list[socket.socket]) -> None:
    for sock in socks:
        close_socket(sock)


def open_socket(listener: Listener) -> socket.socket:
    """Bind and listen. Raises ConfigError that says which address, and the ways out."""
    address = listener.address
    try:
        return _unix(address.path) if address.path is not None else _inet(listener)
    except OSError as error:
        raise ConfigError(_explain(address, error), listener.source) from error


def _inet(listener: Listener, reuseport: bool = False) -> socket.socket:
    address = listener.address
    family, *_, sockaddr = socket.getaddrinfo(
        address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(listener.options.get("ipv6only", True)))
        if (reuseport or listener.options.get("reuseport")) and hasattr(socket, "SO_REUSEPORT"):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        for option, name in (("rcvbuf", socket.SO_RCVBUF), ("sndbuf", socket.SO_SNDBUF)):
            if option in listener.options:
                sock.setsockopt(socket.SOL_SOCKET, name, listener.options[option])
        # accepted connections inherit it; small answers must not wait for the client's acknowledgement
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.bind(sockaddr)
        sock.listen(listener.options.get("backlog", BACKLOG))
        sock.setblocking(False)
    except OSError:
        sock.close()
        raise
    return sock


def _unix(path: str) -> socket.socket:
    _remove_stale(path)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.bind(path)
        os.chmod(path, 0o666)  # as nginx does: who may connect is the folder's to say
        sock.listen(BACKLOG)
        sock.setblocking(False)
    except OSError:
        sock.close()
        raise
    return sock


def _remove_stale(path: str) -> None:
    """Remove a socket that nobody listens on any more, left by a process that was killed."""
    try:
        if not stat.S_ISSOCK(os.stat(path).st_mode):
            return
    except OSError:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)  # a full queue of a listener that is busy makes no one wait
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            os.unlink(path)
        except BlockingIOError:
            pass


def close_socket(sock: socket.socket) -> None:
    """Close it; a unix socket leaves no file behind."""
    path = sock.getsockname() if sock.family == socket.AF_UNIX else None
    sock.close()
    if path:
        with contextlib.suppress(OSError):
            os.unlink(path)


def _explain(address: Address, error: OSError) -> str:
    message = f"cannot listen on {address}: {error.strerror}"
    if error.errno == errno.EADDRINUSE:
        if address.path is not None:
            what = "Another program listens there" if _is_socket(address.path) else "There is a file of that name"
            return f"{message}. {what}; stop it or remove it, or name another path"
        return (
            f"{message}. Another program has port {address.port} (`{_who_has(address.port)}` shows which); "
            "stop it, or choose another port: --listen 8080"
        )
    if error.errno in (errno.EACCES, errno.EPERM) and address.path is None and address.port < 1024:
        return (
            f"{message}. Ports below 1024 are the administrator's. Three ways out: "
            f"choose another port with --listen 8080 (or `make run PORT=8080`); run as root with sudo; or let "
            f"everybody use them: sudo sysctl net.ipv4.ip_unprivileged_port_start={address.port}"
        )
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{message}. This machine has no such address (`ip address` shows those that it has)"
    return message


def _is_socket(path: str) -> bool:
    try:
        return stat.S_ISSOCK(os.lstat(path).st_mode)
    except OSError:
        return False


def _who_has(port: int) -> str:
    if sys.platform == "linux":
        return f"ss -ltnp 'sport = :{port}'"
    return f"lsof -nP -iTCP:{port} -sTCP:LISTEN"
