"""The PROXY protocol, versions 1 and 2: what a proxy in front of us says of the connection that it passes on."""

from __future__ import annotations

import re
import struct
from ipaddress import IPv4Address, IPv6Address

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
LONGEST = 4096
"""Bytes of the longest header that is read; one of version 1 has at most 107."""
_LINE = re.compile(rb"PROXY TCP[46] ([0-9A-Fa-f:.]*) ([0-9A-Fa-f:.]*) ([0-9]{1,5}) ([0-9]{1,5})\r\n")
_UNKNOWN = re.compile(rb"PROXY UNKNOWN[^\r\n]*\r\n")
_STREAM_V4, _STREAM_V6 = 0x11, 0x21
_ADDRESSES = {
    _STREAM_V4: (struct.Struct("!4s4sHH"), IPv4Address),
    _STREAM_V6: (struct.Struct("!16s16sHH"), IPv6Address),
}

TLVS = {"alpn": 0x01, "authority": 0x02, "unique_id": 0x05, "ssl": 0x20, "netns": 0x30}
SSL_TLVS = {"version": 0x21, "cn": 0x22, "cipher": 0x23, "sig_alg": 0x24, "key_alg": 0x25}
"""Those inside ``ssl``, after its five bytes: flags, and how the check of the client's certificate ended."""


class BrokenHeader(ValueError):
    """What came is no header of the PROXY protocol."""


class Proxied:
    """One header, read: the addresses of the original connection, and what else version 2 tells of it."""

    __slots__ = ("destination", "source", "tlvs")

    def __init__(self, source: tuple[bytes, int], destination: tuple[bytes, int], tlvs: bytes = b"") -> None:
        self.source = source
        """Address and port of the client."""
        self.destination = destination
        self.tlvs = tlvs

    def tlv(self, name: str) -> bytes | None:
        """The value of a TLV by nginx's name (``alpn``, ``ssl_cn``, ``0x05``); None without. Raises BrokenHeader."""
        tlvs, names = self.tlvs, TLVS
        if name.startswith("ssl_"):
            ssl = _find(tlvs, TLVS["ssl"])
            if ssl is None or len(ssl) < 5:
                return None
            name = name[4:]
            if name == "verify":
                return b"%d" % int.from_bytes(ssl[1:5], "big")
            tlvs, names = ssl[5:], SSL_TLVS
        kind = int(name, 16) if name.startswith("0x") else names.get(name)
        return None if kind is None else _find(tlvs, kind)


def _find(tlvs: bytes, wanted: int) -> bytes | None:
    while tlvs:
        end = 3 + int.from_bytes(tlvs[1:3], "big")
        if len(tlvs) < max(3, end):
            raise BrokenHeader("broken PROXY protocol TLV")
        if tlvs[0] == wanted:
            return tlvs[3:end]
        tlvs = tlvs[end:]
    return None


def read(data: bytes) -> tuple[Proxied | None, int] | None:
    """The header that ``data`` begins with, and its length; None while it is not whole. Raises BrokenHeader.

    A header that says nothing of the client (UNKNOWN, LOCAL, no TCP) is read over.
    """
    if data.startswith(SIGNATURE[: len(data)]):
        return _read_binary(data)
    end = data.find(b"\n") + 1
    if not end and len(data) < 108 and b"PROXY ".startswith(data[:6]):
        return None
    if match := _LINE.match(data):
        source, destination, source_port, destination_port = match.groups()
        ports = int(source_port), int(destination_port)
        if max(ports) <= 65535:
            return Proxied((source, ports[0]), (destination, ports[1])), match.end()
    elif match := _UNKNOWN.match(data):
        return None, match.end()
    line = data.replace(b"\r", b"\n").partition(b"\n")[0][:107].decode("ascii", "backslashreplace")
    raise BrokenHeader(f'broken header: "{line}"')


def _read_binary(data: bytes) -> tuple[Proxied | None, int] | None:
    if len(data) < 16:
        return None
    version, kind, length = data[12], data[13], int.from_bytes(data[14:16], "big")
    if version >> 4 != 2:
        raise BrokenHeader(f"unknown PROXY protocol version: {version >> 4}")
    end = 16 + length
    if end > LONGEST:
        raise BrokenHeader("header is too large")
    if len(data) < end:
        return None
    if version & 15 != 1 or kind not in _ADDRESSES:
        return None, end
    layout, address = _ADDRESSES[kind]
    if length < layout.size:
        raise BrokenHeader("broken header: no addresses")
    source, destination, source_port, destination_port = layout.unpack_from(data, 16)
    return (
        Proxied(
            (str(address(source)).encode(), source_port),
            (str(address(destination)).encode(), destination_port),
            data[16 + layout.size : end],
        ),
        end,
    )
