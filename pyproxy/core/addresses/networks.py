"""Addresses as numbers, and tables of networks that are asked for the longest prefix."""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Address, ip_network
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")


class Address(NamedTuple):
    """An IP address: 32 or 128 bits, and their value. IPv4 in IPv6's clothes is IPv4."""

    bits: int
    number: int


NOWHERE = Address(32, 0xFFFFFFFF)
"""255.255.255.255: what nginx takes unix sockets, and what is no address, for."""

_MAPPED = 0xFFFF << 32
"""``::ffff:0:0/96``"""


def parse_address(text: bytes) -> Address | None:
    """The address that ``text`` is, without port or brackets; None if it is none."""
    try:
        if b":" not in text:
            return Address(32, int.from_bytes(socket.inet_pton(socket.AF_INET, text.decode("ascii")), "big"))
        number = int.from_bytes(socket.inet_pton(socket.AF_INET6, text.decode("ascii")), "big")
    except (OSError, ValueError):
        return None
    return Address(32, number & 0xFFFFFFFF) if number >> 32 == 0xFFFF else Address(128, number)


def canonical(text: bytes) -> bytes | None:
    """An address as the system writes it: IPv6 in lower case, and short. None if ``text`` is none."""
    family = socket.AF_INET6 if b":" in text else socket.AF_INET
    try:
        return socket.inet_ntop(family, socket.inet_pton(family, text.decode("ascii"))).encode()
    except (OSError, ValueError):
        return None


class Network(NamedTuple):
    """The addresses whose first ``length`` of ``bits`` bits are those of ``number``."""

    bits: int
    number: int
    length: int
    exact: bool
    """Whether no bit was written behind the prefix."""

    def has(self, address: Address) -> bool:
        """Whether the address is one of them."""
        shift = self.bits - self.length
        return address.bits == self.bits and address.number >> shift == self.number >> shift


def parse_network(text: str) -> Network:
    """``192.0.2.0/24``, ``192.0.2.1`` or ``2001:db8::/32``. Raises ValueError."""
    try:
        if "." in text.partition("/")[2]:
            raise ValueError("a mask in place of a length")
        network = ip_network(text, strict=False)
        written = (IPv4Address if network.version == 4 else IPv6Address)(text.partition("/")[0])
    except ValueError:
        raise ValueError(f'invalid network "{text}", expected one such as 192.0.2.0/24 or 2001:db8::/32') from None
    exact = written == network.network_address
    return Network(network.max_prefixlen, int(network.network_address), network.prefixlen, exact)


class Networks(Generic[T]):
    """Values by network. The longest prefix counts."""

    def __init__(self) -> None:
        self._tables: dict[int, dict[int, dict[int, T]]] = {32: {}, 128: {}}
        """By the bits of an address, the length of the prefix, and the prefix."""

    def add(self, network: Network, value: T) -> T | None:
        """Give ``network`` a value; the one that it had before."""
        table = self._tables[network.bits].setdefault(network.length, {})
        before = table.get(network.number)
        table[network.number] = value
        return before

    def remove(self, network: Network) -> bool:
        """Whether there was such a network."""
        return self._tables[network.bits].get(network.length, {}).pop(network.number, None) is not None

    def seal(self) -> None:
        """No more come: from now on it is asked."""
        for bits, tables in self._tables.items():
            lengths = sorted((length for length, table in tables.items() if table), reverse=True)
            self._tables[bits] = {length: tables[length] for length in lengths}

    def find(self, address: Address) -> T | None:
        """The value of the smallest network that has the address."""
        bits, number = address
        for length, table in self._tables[bits].items():
            shift = bits - length
            value = table.get(number >> shift << shift)
            if value is not None:
                return value
        return None
