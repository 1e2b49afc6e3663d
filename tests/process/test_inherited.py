"""What the environment says of sockets that are open already."""

from __future__ import annotations

import os
import socket

import pytest

from pyproxy.config.tree import ConfigError
from pyproxy.config.values import Address
from pyproxy.process.inherited import Inherited


def listening() -> tuple[int, Address]:
    sock = socket.create_server(("127.0.0.1", 0))
    address = Address(*sock.getsockname())
    return sock.detach(), address


def test_the_sockets_of_an_old_master() -> None:
    (first, one), (second, two) = listening(), listening()
    copy = os.dup(first)
    environment = {"NGINX": f"{first};{second};{copy};", "PATH": "/bin"}
    inherited = Inherited(environment)
    assert inherited.upgrade
    assert {address: len(socks) for address, socks in inherited.sockets.items()} == {one: 2, two: 1}
    assert environment == {"PATH": "/bin"}
    assert list(inherited.unwanted()) == []
    for sock in (sock for socks in inherited.sockets.values() for sock in socks):
        assert not sock.get_inheritable()
        sock.close()


@pytest.mark.parametrize("value", ["/usr/sbin/nginx", "1.31", "on"])
def test_a_variable_that_means_something_else(value: str) -> None:
    inherited = Inherited(environment := {"NGINX": value})
    assert not inherited.upgrade
    assert inherited.sockets == {}
    assert environment == {"NGINX": value}


def test_a_descriptor_that_is_no_socket() -> None:
    reading, writing = os.pipe()
    with pytest.raises(ConfigError, match=f"NGINX names descriptor {reading}, which is no socket"):
        Inherited({"NGINX": f"{reading};"})
    os.close(reading)
    os.close(writing)


def test_without_any() -> None:
    assert not Inherited({}).upgrade
    assert Inherited({"NGINX": ""}).upgrade  # an old master without a server
