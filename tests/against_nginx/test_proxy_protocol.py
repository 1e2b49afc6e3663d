"""``listen ... proxy_protocol``: both versions of the header."""

from __future__ import annotations

import struct

import pytest

from .exchange import PAUSE, Exchange, get
from .pair import Pair

CONFIG = """
    server {
        listen 127.0.0.1:@main@ proxy_protocol;
        location / {
            return 200 "$remote_addr $proxy_protocol_addr $proxy_protocol_port $proxy_protocol_server_addr
                $proxy_protocol_server_port $proxy_protocol_tlv_alpn $proxy_protocol_tlv_0x05\\n";
        }
        location /up/ {
            proxy_pass http://@upstream@;
            proxy_set_header X-Client $proxy_protocol_addr;
        }
    }
    server {
        listen 127.0.0.1:@main@;
        server_name other;
        return 200 "other $proxy_protocol_addr\\n";
    }
    server {
        listen 127.0.0.1:@plain@;
        return 200 "plain $proxy_protocol_addr\\n";
    }
"""

TCP4 = b"PROXY TCP4 192.0.2.1 192.0.2.2 1234 5678\r\n"


def binary(tail: bytes, command: int = 0x21, kind: int = 0x11) -> bytes:
    return b"\r\n\r\n\0\r\nQUIT\n" + bytes((command, kind)) + struct.pack("!H", len(tail)) + tail


V4 = bytes((192, 0, 2, 1, 192, 0, 2, 2)) + struct.pack("!HH", 1234, 5678)
V6 = bytes(15) + b"\1" + bytes(15) + b"\2" + struct.pack("!HH", 1234, 5678)
TLVS = b"\x01\x00\x02h2\x05\x00\x03abc"

EXCHANGES = [
    Exchange("version 1", TCP4 + get("/"), contains="192.0.2.1 1234 192.0.2.2", methods=("GET",)),
    Exchange("version 1, on its own", [TCP4, PAUSE, get("/")], contains="192.0.2.1", methods=("GET",)),
    Exchange("version 1, IPv6", TCP4.replace(b"4 192.0.2.1", b"6 ::1") + get("/"), contains="::1", methods=("GET",)),
    Exchange("version 1, unknown", b"PROXY UNKNOWN\r\n" + get("/"), methods=("GET",)),
    Exchange("two requests", TCP4 + get("/") * 2, (200, 200), methods=("GET",)),
    Exchange("another server", TCP4 + get("/", host="other"), contains="other 192.0.2.1", methods=("GET",)),
    Exchange("to an upstream", TCP4 + get("/up/"), contains="X-Client: 192.0.2.1", methods=("GET",)),
    Exchange("version 2", binary(V4 + TLVS) + get("/"), contains="h2 abc", methods=("GET",)),
    Exchange("version 2, IPv6", binary(V6, kind=0x21) + get("/"), contains="::1 1234 ::2", methods=("GET",)),
    Exchange("version 2, local", binary(b"", 0x20, 0) + get("/"), methods=("GET",)),
    Exchange("version 2, a tlv in pieces", binary(V4 + TLVS[:-1]) + get("/"), contains="h2", methods=("GET",)),
    Exchange("none", get("/"), ()),
    Exchange("a broken one", TCP4.replace(b"1234", b"12x4") + get("/"), ()),
    Exchange("a broken one of version 2", binary(V4, 0x31) + get("/"), ()),
    Exchange("not wanted", get("/"), at="plain", contains="plain"),
    Exchange("there, but not wanted", TCP4 + get("/"), 400, at="plain", methods=("GET",)),
]


@pytest.mark.parametrize("exchange", EXCHANGES, ids=str)
def test_proxy_protocol(pair: Pair, exchange: Exchange) -> None:
    pair.compare(exchange)
