"""``listen``: which addresses it means, and what it says of them."""

from __future__ import annotations

import pytest

from pyproxy.compile import load_schema
from pyproxy.config.build import build
from pyproxy.config.nginx import parse
from pyproxy.config.tree import ConfigError
from pyproxy.config.values import Address
from pyproxy.core.logs.log import Logs
from pyproxy.core.site import Site


def listening(arguments: str, **more: object) -> Site:
    text = f"http {{ access_log off; server {{ listen {arguments}; return 200; }} }}"
    return build(parse(text, "test.conf"), load_schema(), ".", Logs(), "test.conf", **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "ports"),
    [("8000-8002", [8000, 8001, 8002]), ("127.0.0.1:80-80", [80]), ("[::1]:81-82", [81, 82])],
)
def test_a_range_of_ports(text: str, ports: list[int]) -> None:
    assert [listener.address.port for listener in listening(text).listeners] == ports


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("82-81", 'invalid port range in "82-81"'),
        ("80-70000", "invalid port"),
        ("80 so_keepalive=maybe", "so_keepalive"),
        ("80 so_keepalive=::", 'invalid so_keepalive value "::", expected on, off or 30m::10'),
        ("80 so_keepalive=1:2:3:4", "so_keepalive"),
        ("80 fastopen=x", "invalid number"),
        ("80 backlog=0", 'invalid parameter "backlog=0", expected 1 or more'),
        ("80 multipath=1", 'invalid parameter "multipath=1"'),
        ("80 deferred=1", 'invalid parameter "deferred=1"'),
    ],
)
def test_what_cannot_be_meant(text: str, said: str) -> None:
    with pytest.raises(ConfigError, match="`listen`") as caught:
        listening(text)
    assert said in str(caught.value) or "invalid time" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("on", (0, 0, 0)),
        ("off", None),
        ("30m::10", (1800, 0, 10)),
        (":5", (0, 5, 0)),
        ("1m:2:3", (60, 2, 3)),
    ],
)
def test_so_keepalive(text: str, options: object) -> None:
    assert listening(f"80 so_keepalive={text}").listeners[0].options == {"so_keepalive": options}


def test_a_worker_means_by_a_name_what_its_master_has_bound() -> None:
    resolved = {Address("site.invalid", 80): [Address("127.0.0.2", 80), Address("::1", 80)]}
    site = listening("site.invalid:80", resolved=resolved)
    assert [listener.address for listener in site.listeners] == resolved[Address("site.invalid", 80)]
