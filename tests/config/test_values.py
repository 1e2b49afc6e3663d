from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pyproxy.config import values
from pyproxy.config.values import Address


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (values.number, "0", 0),
        (values.number, "0016", 16),
        (values.flag, "on", True),
        (values.flag, "OFF", False),
        (values.size, "8k", 8192),
        (values.size, "1M", 1048576),
        (values.size, "0", 0),
        (values.offset, "1g", 1 << 30),
        (values.offset, "5G", 5 << 30),
        (values.time, "30", 30.0),
        (values.time, "500ms", 0.5),
        (values.time, "1h30m", 5400.0),
        (values.time, "1h30", 3630.0),
        (values.time, "30s 500ms", 30.5),
        (values.time, "1w2d", 777600.0),
        (values.seconds, "1y", 31536000),
        (values.seconds, "1M1m", 2592060),
    ],
)
def test_reads_a_value(read: Callable[[str], Any], text: str, value: object) -> None:
    assert read(text) == value


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (values.number, ""),
        (values.number, "-1"),
        (values.number, "1_000"),
        (values.number, "٣"),
        (values.number, str(2**63)),
        (values.flag, "yes"),
        (values.size, "1g"),
        (values.size, "k"),
        (values.size, "1.5m"),
        (values.size, ""),
        (values.offset, f"{2**60}k"),
        (values.time, ""),
        (values.time, "s"),
        (values.time, "1m1h"),
        (values.time, "1s1s"),
        (values.time, "1y"),
        (values.time, "1M"),
        (values.time, "1.5s"),
        (values.time, "1s x"),
        (values.seconds, "500ms"),
    ],
)
def test_refuses_a_value_and_names_it(read: Callable[[str], Any], text: str) -> None:
    with pytest.raises(ValueError, match=r"invalid") as refusal:
        read(text)
    assert f'"{text}"' in str(refusal.value)


def test_choice_takes_any_case_and_lists_what_is_allowed() -> None:
    assert values.choice("WARN", ("info", "warn")) == "warn"
    with pytest.raises(ValueError, match="expected one of info, warn"):
        values.choice("loud", ("info", "warn"))


@pytest.mark.parametrize(
    ("text", "address", "written"),
    [
        ("80", Address("0.0.0.0", 80), "0.0.0.0:80"),
        ("*:8080", Address("0.0.0.0", 8080), "0.0.0.0:8080"),
        ("127.0.0.1", Address("127.0.0.1", 80), "127.0.0.1:80"),
        ("localhost:81", Address("localhost", 81), "localhost:81"),
        ("[::]:80", Address("::", 80), "[::]:80"),
        ("[::1]", Address("::1", 80), "[::1]:80"),
        ("unix:/run/a.sock", Address("", 0, "/run/a.sock"), "unix:/run/a.sock"),
    ],
)
def test_listen_address(text: str, address: Address, written: str) -> None:
    assert values.listen_address(text) == address
    assert str(address) == written


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("0", "invalid port"),
        ("65536", "invalid port"),
        ("a:http", "invalid port"),
        (":80", "no host"),
        ("", "no host"),
        ("http://a", "invalid host"),
        ("a/b", "invalid host"),
        ("[::1", "invalid IPv6 address"),
        ("[::1]80", "invalid host"),
        ("[fe80::1%lo]:80", "invalid IPv6 address"),
        ("unix:", "no path"),
        ("unix:/" + "x" * 107, "too long path"),
    ],
)
def test_refuses_an_address(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        values.listen_address(text)


def test_a_server_is_not_a_bare_port() -> None:
    assert values.server_address("80") == Address("80", 80)
    assert values.server_address("backend", default_port=443) == Address("backend", 443)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("http://127.0.0.1:8000", ("http", Address("127.0.0.1", 8000), None)),
        ("http://backend/", ("http", Address("backend", 80), "/")),
        ("HTTPS://[::1]/a?b", ("https", Address("::1", 443), "/a?b")),
        ("http://a?x=/y", ("http", Address("a", 80), "?x=/y")),
        ("http://unix:/run/a.sock", ("http", Address("", 0, "/run/a.sock"), None)),
        ("http://unix:/run/a.sock:/b", ("http", Address("", 0, "/run/a.sock"), "/b")),
    ],
)
def test_upstream_url(text: str, parts: tuple[str, Address, str | None]) -> None:
    assert values.upstream_url(text) == parts


@pytest.mark.parametrize("text", ["127.0.0.1:8000", "ftp://a", "http://", "http://:80/"])
def test_refuses_an_upstream_url(text: str) -> None:
    with pytest.raises(ValueError, match=r"http://|no host"):
        values.upstream_url(text)
