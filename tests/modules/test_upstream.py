"""Groups of servers as configured, and what the ``$upstream_*`` variables say of the attempts."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from pyproxy.core.request import Request
from pyproxy.modules.upstream import MODULE
from pyproxy.upstream.group import Group

from .conftest import MakeSite


def group(site: Any, name: str) -> Group:
    found = site.upstreams[name]
    assert isinstance(found, Group)
    return found


def test_servers(make_site: MakeSite) -> None:
    site = make_site(
        "",
        "upstream a { server 127.0.0.1:1 weight=3 max_fails=0 fail_timeout=5s max_conns=7; server unix:/s backup; "
        "server 127.0.0.1:2 down; }",
    )
    first, second, third = group(site, "a").peers
    assert (first.name, first.weight, first.effective_weight) == ("127.0.0.1:1", 3, 3)
    assert (first.max_fails, first.fail_timeout, first.max_conns) == (0, 5.0, 7)
    assert (second.name, second.backup, third.down) == ("unix:/s", True, True)


@pytest.mark.parametrize(
    ("http", "inside", "kept"),
    [
        ("", "", (32, 1000, 3600.0, 60.0)),
        # the client's side has directives of the same names, which do not concern an upstream
        ("keepalive_timeout 5s; keepalive_requests 6; keepalive_time 7s;", "", (32, 1000, 3600.0, 60.0)),
        ("keepalive_timeout 5s;", "keepalive 2; keepalive_timeout 3s; keepalive_requests 4;", (2, 4, 3600.0, 3.0)),
    ],
)
def test_keepalive(make_site: MakeSite, http: str, inside: str, kept: tuple[float, ...]) -> None:
    site = make_site("", f"{http} upstream a {{ server 127.0.0.1:1; {inside} }}")
    keepalive = group(site, "a").keepalive
    assert (keepalive.connections, keepalive.requests, keepalive.time, keepalive.timeout) == kept


def attempt(**attributes: Any) -> SimpleNamespace:
    times = {"started": 10.0, "connected": -1.0, "headed": -1.0, "ended": -1.0, "status": 0, "received": 0}
    return SimpleNamespace(**{**times, **attributes})


REFUSED = attempt(peer=SimpleNamespace(name="127.0.0.1:1"), status=502, ended=10.25)
ANSWERED = attempt(
    peer=SimpleNamespace(name="unix:/s"), status=200, connected=10.5, headed=11.0, ended=12.0004, received=5
)
UNDER_WAY = attempt(peer=SimpleNamespace(name="127.0.0.1:2"))


@pytest.mark.parametrize(
    ("name", "attempts", "value"),
    [
        ("upstream_addr", [REFUSED, ANSWERED], b"127.0.0.1:1, unix:/s"),
        ("upstream_status", [REFUSED, ANSWERED], b"502, 200"),
        ("upstream_status", [UNDER_WAY], b"-"),
        ("upstream_connect_time", [REFUSED, ANSWERED], b"-, 0.500"),
        ("upstream_header_time", [REFUSED, ANSWERED], b"-, 1.000"),
        ("upstream_response_time", [REFUSED, ANSWERED, UNDER_WAY], b"0.250, 2.000, -"),
        ("upstream_response_length", [REFUSED, ANSWERED], b"0, 5"),
        ("upstream_addr", [], None),
    ],
)
def test_variables(name: str, attempts: list[object], value: bytes | None) -> None:
    variable = next(variable for variable in MODULE.variables if getattr(variable, "name", "") == name)
    request = cast(Request, SimpleNamespace(upstream=SimpleNamespace(attempts=attempts, before=None)))
    assert variable.get(request) == value  # type: ignore[union-attr]
