"""Headers of the PROXY protocol, both versions."""

from __future__ import annotations

import struct
from ipaddress import ip_address

import pytest

from pyproxy.core.addresses.proxy_protocol import SIGNATURE, BrokenHeader, Proxied, read


def binary(tail: bytes, command: int = 0x21, kind: int = 0x11) -> bytes:
    return SIGNATURE + bytes((command, kind)) + struct.pack("!H", len(tail)) + tail


def tlv(kind: int, value: bytes) -> bytes:
    return struct.pack("!BH", kind, len(value)) + value


V4 = ip_address("192.0.2.1").packed + ip_address("192.0.2.2").packed + struct.pack("!HH", 1000, 80)
V6 = ip_address("2001:db8::1").packed + ip_address("::1").packed + struct.pack("!HH", 1000, 80)
SSL = tlv(0x20, b"\x01" + struct.pack("!I", 7) + tlv(0x21, b"TLSv1.3") + tlv(0x22, b"name"))
TLVS = tlv(0x01, b"h2") + tlv(0x05, b"id") + SSL

WHOLE = {
    "version 1": (
        b"PROXY TCP4 192.0.2.1 192.0.2.2 1000 80\r\n",
        ((b"192.0.2.1", 1000), (b"192.0.2.2", 80)),
    ),
    "version 1, IPv6": (
        b"PROXY TCP6 2001:db8::1 ::1 1000 80\r\n",
        ((b"2001:db8::1", 1000), (b"::1", 80)),
    ),
    "version 1, unknown": (b"PROXY UNKNOWN\r\n", None),
    "version 1, unknown with more": (b"PROXY UNKNOWN 1 2 3 4\r\n", None),
    "version 2": (binary(V4), ((b"192.0.2.1", 1000), (b"192.0.2.2", 80))),
    "version 2, IPv6": (binary(V6, kind=0x21), ((b"2001:db8::1", 1000), (b"::1", 80))),
    "version 2 with more": (binary(V4 + TLVS), ((b"192.0.2.1", 1000), (b"192.0.2.2", 80))),
    "version 2, local": (binary(b"", 0x20, 0), None),
    "version 2, no TCP": (binary(V4, kind=0x12), None),
    "version 2, a unix socket": (binary(b"x" * 216, kind=0x31), None),
}


@pytest.mark.parametrize(("header", "addresses"), WHOLE.values(), ids=WHOLE)
def test_a_whole_header(header: bytes, addresses: tuple[object, object] | None) -> None:
    for length in range(len(header)):
        assert read(header[:length]) is None
    found = read(header + b"GET / HTTP/1.1\r\n")
    assert found is not None
    proxied, length = found
    assert length == len(header)
    assert (proxied and (proxied.source, proxied.destination)) == addresses


BROKEN = {
    "HTTP": b"GET / HTTP/1.1\r\n",
    "another word": b"PROXIES TCP4 192.0.2.1 192.0.2.2 1000 80\r\n",
    "another protocol": b"PROXY UDP4 192.0.2.1 192.0.2.2 1000 80\r\n",
    "a letter in an address": b"PROXY TCP4 192.0.2.x 192.0.2.2 1000 80\r\n",
    "a port too many": b"PROXY TCP4 192.0.2.1 192.0.2.2 1000 65536\r\n",
    "no port": b"PROXY TCP4 192.0.2.1 192.0.2.2 1000\r\n",
    "a bare LF": b"PROXY TCP4 192.0.2.1 192.0.2.2 1000 80\n",
    "an endless line": b"PROXY TCP4 " + b"1" * 200,
    "version 3": binary(V4, 0x31),
    "no addresses": binary(b"1234"),
    "too large": binary(b"x" * 5000),
}


@pytest.mark.parametrize("header", BROKEN.values(), ids=BROKEN)
def test_a_broken_header(header: bytes) -> None:
    with pytest.raises(BrokenHeader):
        read(header)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("alpn", b"h2"),
        ("unique_id", b"id"),
        ("0x05", b"id"),
        ("authority", None),
        ("ssl_version", b"TLSv1.3"),
        ("ssl_cn", b"name"),
        ("ssl_0x22", b"name"),
        ("ssl_verify", b"7"),
        ("ssl_cipher", None),
        ("nonsense", None),
    ],
)
def test_what_else_it_tells(name: str, value: bytes | None) -> None:
    assert Proxied((b"", 0), (b"", 0), TLVS).tlv(name) == value


def test_a_broken_tlv() -> None:
    with pytest.raises(BrokenHeader):
        Proxied((b"", 0), (b"", 0), TLVS[:-1]).tlv("netns")
