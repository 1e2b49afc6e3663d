"""Sockets: all or none, and messages that say what to do."""

from __future__ import annotations

import errno
import os
import re
import socket
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pyproxy.config.tree import ConfigError, Source
from pyproxy.config.values import Address
from pyproxy.core.site import Listener, Site
from pyproxy.process.sockets import Sockets

from .running import connection, free_ports, refused

SOURCE = Source("nginx.conf", 7)


def listener(at: int | str, **options: Any) -> Listener:
    address = Address("", 0, at) if isinstance(at, str) else Address("127.0.0.1", at)
    return Listener(address, None, options, SOURCE)  # type: ignore[arg-type]  # a socket needs no servers


def site(*listeners: Listener) -> Site:
    made = Site("/", None)  # type: ignore[arg-type]  # nor logs
    made.listeners = list(listeners)
    return made


@pytest.fixture
def sockets() -> Iterator[Sockets]:
    sockets = Sockets()
    yield sockets
    sockets.keep(None)


def test_addresses_are_bound_once_and_kept_as_long_as_they_are_used(sockets: Sockets, folder: Path) -> None:
    first, second = free_ports(2)
    unix = f"{folder}/s"
    old, new = site(listener(first), listener(unix)), site(listener(unix), listener(second))
    sockets.bind(old)
    (tcp, kept) = sockets.of(old)
    assert tcp.getsockname() == ("127.0.0.1", first)
    assert not tcp.get_inheritable()
    connection(unix).close()
    sockets.bind(new)
    assert sockets.of(new)[0] is kept
    sockets.keep(new)
    assert refused(first)
    assert not refused(second)
    assert Path(unix).exists()
    sockets.keep(None)
    assert refused(second)
    assert not Path(unix).exists()


def test_all_or_none(sockets: Sockets, folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        (free,) = free_ports(1)
        with pytest.raises(ConfigError) as caught:
            sockets.bind(site(listener(free), listener(f"{folder}/s"), listener(stranger.getsockname()[1])))
    assert caught.value.source == SOURCE
    assert refused(free)
    assert not Path(f"{folder}/s").exists()


def test_options(sockets: Sockets) -> None:
    (port,) = free_ports(1)
    asked = site(listener(port, backlog=3, rcvbuf=8192, sndbuf=8192, reuseport=True))
    sockets.bind(asked)
    (sock,) = sockets.of(asked)
    assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) in (8192, 16384)  # Linux doubles it
    assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT) != 0
    assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0


def test_everybody_may_connect_to_a_unix_socket(sockets: Sockets, folder: Path) -> None:
    sockets.bind(site(listener(f"{folder}/s")))
    assert stat.S_IMODE(os.stat(folder / "s").st_mode) == 0o666


def test_a_socket_that_nobody_listens_on_is_replaced(sockets: Sockets, folder: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(f"{folder}/s")
    sockets.bind(site(listener(f"{folder}/s")))
    connection(f"{folder}/s").close()


def test_a_socket_that_somebody_listens_on_is_not(sockets: Sockets, folder: Path) -> None:
    with socket.socket(socket.AF_UNIX) as busy, socket.socket(socket.AF_UNIX) as waiting:
        busy.bind(f"{folder}/s")
        busy.listen(0)
        waiting.connect(f"{folder}/s")  # the queue is full now: another connect would wait
        with pytest.raises(ConfigError, match=r"in use\. Another program listens there; stop it or remove it, or name"):
            sockets.bind(site(listener(f"{folder}/s")))
        assert (folder / "s").exists()


def test_a_file_that_is_no_socket_stays(sockets: Sockets, folder: Path) -> None:
    (folder / "s").write_text("precious")
    with pytest.raises(ConfigError, match="There is a file of that name; stop it or remove it, or name another path"):
        sockets.bind(site(listener(f"{folder}/s")))
    assert (folder / "s").read_text() == "precious"


@pytest.mark.parametrize(
    ("number", "port", "message"),
    [
        (errno.EACCES, 80, "Three ways out: .*--listen 8080.*make run PORT=8080.*sudo.*unprivileged_port_start=80 in "),
        (
            errno.EPERM,
            443,
            "Three ways out: .*--listen 8080.*make run PORT=8080.*sudo.*unprivileged_port_start=443 in ",
        ),
        (errno.EACCES, 8080, "Permission denied in "),
        (errno.EADDRINUSE, 80, "Another program has port 80 .*shows which.; stop it, or choose another port"),
        (errno.EADDRNOTAVAIL, 80, "This machine has no such address"),
        (errno.EMFILE, 80, "Too many open files in "),
    ],
)
def test_messages(sockets: Sockets, monkeypatch: pytest.MonkeyPatch, number: int, port: int, message: str) -> None:
    def bind(self: socket.socket, address: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(socket.socket, "bind", bind)
    with pytest.raises(ConfigError) as caught:
        sockets.bind(site(listener(port)))
    text = str(caught.value)
    assert text.startswith(f"cannot listen on 127.0.0.1:{port}: {os.strerror(number)}")
    assert re.search(message, text)
    assert text.endswith(" in nginx.conf:7")


def test_a_name_that_does_not_exist(sockets: Sockets) -> None:
    listener = Listener(Address("nowhere.invalid", 80), None, {}, SOURCE)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=r"cannot listen on nowhere\.invalid:80: .* in nginx\.conf:7"):
        sockets.bind(site(listener))


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere workers share a socket")
def test_each_worker_has_its_own_socket_and_none_is_ever_left_out(sockets: Sockets, folder: Path) -> None:
    (port,) = free_ports(1)
    asked = site(listener(port), listener(f"{folder}/s"))
    sockets.bind(asked)
    assert sockets.share(asked, 0, 1) == sockets.share(asked, 1, 2) == [[sock] for sock in sockets.of(asked)]
    sockets.spread(asked, 3)
    shares = [sockets.share(asked, worker, 3) for worker in range(3)]
    assert len({tcp.fileno() for (tcp,), _ in shares}) == 3
    assert {tcp.getsockname() for (tcp,), _ in shares} == {("127.0.0.1", port)}
    assert {unix.fileno() for _, (unix,) in shares} == {sockets.of(asked)[1].fileno()}
    # with fewer workers some have two
    assert [len(sockets.share(asked, worker, 2)[0]) for worker in range(2)] == [2, 1]
    sockets.keep(None)
    assert refused(port)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere workers share a socket")
def test_an_address_that_is_spread_cannot_be_taken_by_another(sockets: Sockets) -> None:
    (port,) = free_ports(1)
    asked = site(listener(port))
    sockets.bind(asked)
    sockets.spread(asked, 2)
    other = Sockets()
    with pytest.raises(ConfigError, match="Address already in use"):
        other.bind(asked)


def test_a_wildcard_and_a_particular_address_take_each_others_place(sockets: Sockets) -> None:
    (port,) = free_ports(1)
    particular, wildcard = listener(port), Listener(Address("0.0.0.0", port), None, {}, SOURCE)  # type: ignore[arg-type]
    for old, new in ((wildcard, particular), (particular, wildcard)):
        sockets.bind(site(old))
        sockets.bind(site(new))
        sockets.keep(site(new))
        (sock,) = sockets.of(site(new))
        assert sock.getsockname()[0] == new.address.host
        sock.listen()  # as whoever serves does
        assert not refused(port)


def test_who_comes_before_a_particular_address_is_served_is_heard_at_the_wildcard(sockets: Sockets) -> None:
    (port,) = free_ports(1)
    particular, wildcard = listener(port), Listener(Address("0.0.0.0", port), None, {}, SOURCE)  # type: ignore[arg-type]
    sockets.bind(site(wildcard))
    (old,) = sockets.of(site(wildcard))
    sockets.bind(site(particular))
    with connection(port):
        old.accept()[0].close()


def test_a_file_that_another_has_put_in_place_of_ours_stays(sockets: Sockets, folder: Path) -> None:
    sockets.bind(site(listener(f"{folder}/s")))
    (folder / "s").unlink()
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(f"{folder}/s")
        sockets.keep(None)
        assert (folder / "s").exists()


def test_a_file_that_another_master_listens_behind_stays(folder: Path) -> None:
    sockets = Sockets(None, lambda: True)
    sockets.bind(site(listener(f"{folder}/s")))
    sockets.keep(None)
    assert (folder / "s").exists()


def test_options_follow_the_configuration(sockets: Sockets) -> None:
    (port,) = free_ports(1)
    sockets.bind(site(listener(port)))
    (sock,) = sockets.of(site(listener(port)))
    assert not sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    sockets.bind(site(listener(port, so_keepalive=(7, 0, 3))))
    assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    if hasattr(socket, "TCP_KEEPIDLE"):
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 7
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT) == 3
    sockets.bind(site(listener(port, so_keepalive=None)))
    assert not sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
