"""One listening socket: bound with its options, or a message that says what to do."""

from __future__ import annotations

import errno
import os
import socket
import stat
import sys
from collections.abc import Sequence

from pyproxy.config.tree import ConfigError
from pyproxy.config.values import Address
from pyproxy.core.site import Listener

BACKLOG = 511
"""nginx's default."""
_TCP_OPTIONS = {"deferred": "TCP_DEFER_ACCEPT", "fastopen": "TCP_FASTOPEN"}
_KEEP_ALIVE = ("TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_KEEPCNT")


def open_socket(
    listener: Listener, beside: Sequence[socket.socket] = (), reuseport: bool = False, hears: bool = True
) -> socket.socket:
    """Bind and listen. Raises ConfigError that says which address, and the ways out.

    ``beside``: sockets of ours at the same port, that may be made to let this one be bound too. ``hears`` is False for
    one that is bound only, until somebody accepts on it.
    """
    address = listener.address
    try:
        sock = _unix(address.path) if address.path is not None else _inet(listener, beside, reuseport)
        try:
            apply_options([sock], listener, hears)
        except OSError:
            sock.close()
            raise
    except OSError as error:
        raise ConfigError(_explain(address, error), listener.source) from error
    return sock


def _inet(listener: Listener, beside: Sequence[socket.socket], reuseport: bool) -> socket.socket:
    try:
        return _bound(listener, reuseport)
    except OSError as error:
        if error.errno != errno.EADDRINUSE or not beside or not hasattr(socket, "SO_REUSEPORT"):
            raise
        share_port(beside)
        return _bound(listener, reuseport=True)


def _bound(listener: Listener, reuseport: bool) -> socket.socket:
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
        # accepted connections inherit it; small answers must not wait for the client's acknowledgement
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.bind(sockaddr)
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
        sock.setblocking(False)
    except OSError:
        sock.close()
        raise
    return sock


def share_port(sockets: Sequence[socket.socket]) -> None:
    """Let further sockets of ours be bound beside these."""
    for sock in sockets:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)


def apply_options(sockets: Sequence[socket.socket], listener: Listener, hears: bool = True) -> None:
    """Listen as the options say, which a reload may have changed."""
    options = listener.options
    for sock in sockets:
        for option, name in (("rcvbuf", socket.SO_RCVBUF), ("sndbuf", socket.SO_SNDBUF)):
            if option in options:
                sock.setsockopt(socket.SOL_SOCKET, name, options[option])
        if sock.family != socket.AF_UNIX:
            for option, tcp in _TCP_OPTIONS.items():
                if option in options and hasattr(socket, tcp):
                    sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, tcp), options[option])
            if "so_keepalive" in options:
                _keep_alive(sock, options["so_keepalive"])
        if hears:
            sock.listen(options.get("backlog", BACKLOG))


def _keep_alive(sock: socket.socket, values: tuple[int, int, int] | None) -> None:
    """Accepted connections inherit it: the kernel looks whether the other side still lives. None: it does not."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, values is not None)
    for name, value in zip(_KEEP_ALIVE, values or (), strict=False):
        if value and hasattr(socket, name):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


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
