"""Whom a list of addresses passes a request on for."""

from __future__ import annotations

import pytest

from pyproxy.core.addresses.forwarded import forwarded


def is_trusted(address: bytes) -> bool:
    return address == b"127.0.0.1" or address.startswith((b"10.", b"2001:db8:"))


@pytest.mark.parametrize(
    ("fields", "once", "all_the_way"),
    [
        ([], None, None),
        ([b""], None, None),
        ([b"192.0.2.1"], b"192.0.2.1", b"192.0.2.1"),
        ([b"192.0.2.1, 10.0.0.1"], b"10.0.0.1", b"192.0.2.1"),
        ([b"192.0.2.1", b"10.0.0.1"], b"10.0.0.1", b"192.0.2.1"),
        ([b"192.0.2.1, 198.51.100.1 ,10.0.0.1, "], b"10.0.0.1", b"198.51.100.1"),
        ([b"10.0.0.9, 10.0.0.1"], b"10.0.0.1", b"10.0.0.9"),
        ([b"nonsense, 10.0.0.1"], b"10.0.0.1", b"10.0.0.1"),
        ([b"192.0.2.1,2001:db8::1"], b"2001:db8::1", b"192.0.2.1"),
    ],
)
def test_forwarded(fields: list[bytes], once: bytes | None, all_the_way: bytes | None) -> None:
    for recursive, expected in ((False, once), (True, all_the_way)):
        found = forwarded(b"127.0.0.1", fields, is_trusted, recursive)
        assert found == (None if expected is None else (expected, 0))
        assert forwarded(b"203.0.113.1", fields, is_trusted, recursive) is None


@pytest.mark.parametrize(
    ("word", "client"),
    [
        (b"192.0.2.1:80", (b"192.0.2.1", 80)),
        (b"[2001:db8::1]:80", (b"2001:db8::1", 80)),
        (b"[2001:db8::1]", (b"2001:db8::1", 0)),
        *((word, None) for word in (b"192.0.2.1:", b"192.0.2.1:x", b"192.0.2.1:65536", b"[::1", b"[::1]80", b"unix:")),
    ],
)
def test_ports(word: bytes, client: tuple[bytes, int] | None) -> None:
    assert forwarded(b"127.0.0.1", [word], is_trusted, False) == client
