"""The choice among servers, without a socket."""

from __future__ import annotations

from pyproxy.config.values import Address
from pyproxy.upstream.group import Group, Keepalive
from pyproxy.upstream.peer import Peer


def peer(name: str, weight: int = 1, **attributes: object) -> Peer:
    made = Peer(Address(name, 80), Keepalive())
    made.weight = made.effective_weight = weight
    for key, value in attributes.items():
        setattr(made, key, value)
    return made


def picks(group: Group, count: int, now: float = 1000.0) -> str:
    return "".join(found.address.host if (found := group.pick(now)) else "-" for _ in range(count))


def test_smooth_weights() -> None:
    group = Group("g", [peer("a", 5), peer("b"), peer("c")], Keepalive())
    assert picks(group, 7) == "aabacaa"
    assert picks(group, 7) == "aabacaa"


def test_what_was_tried_is_not_asked_again() -> None:
    a, b = peer("a"), peer("b")
    group = Group("g", [a, b], Keepalive())
    assert group.pick(1000.0, {a}) is b
    assert group.pick(1000.0, {a, b}) is None


def test_backups_and_servers_that_are_down() -> None:
    a, b, c = peer("a"), peer("b", down=True), peer("c", backup=True)
    group = Group("g", [a, b, c], Keepalive())
    assert picks(group, 3) == "aaa"
    assert group.pick(1000.0, {a}) is c
    assert group.tries == 2


def test_a_failed_server_comes_back_after_fail_timeout() -> None:
    a, b = peer("a", fail_timeout=10.0), peer("b")
    group = Group("g", [a, b], Keepalive())
    a.failed(1000.0)
    assert picks(group, 4, 1005.0) == "bbbb"
    # one request finds out whether it is well again
    assert sorted(picks(group, 4, 1011.0)) == ["a", "b", "b", "b"]
    a.succeeded()
    assert a.fails == 0


def test_max_fails() -> None:
    a, b, c = peer("a", max_fails=2), peer("b"), peer("c", max_fails=0)
    a.failed(1000.0)
    c.failed(1000.0)
    assert a.available(1001.0)
    a.failed(1001.0)
    assert not a.available(1002.0)
    assert c.available(1002.0)
    assert b.available(1002.0)


def test_a_lone_server_is_asked_whatever_its_record() -> None:
    lone = peer("a")
    group = Group("g", [lone], Keepalive())
    lone.failed(1000.0)
    assert picks(group, 2) == "aa"
    assert group.pick(1000.0, {lone}) is None


def test_a_lone_server_keeps_to_max_conns() -> None:
    lone = peer("a", max_conns=1)
    group = Group("g", [lone], Keepalive())
    lone.failed(1000.0)
    assert picks(group, 1) == "a"
    lone.active = 1
    assert picks(group, 1) == "-"
