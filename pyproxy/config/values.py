"""The values that nginx's directives take, read from their text. Each reader raises ValueError with what it expects."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv6Address
from itertools import pairwise

LARGEST = 2**63 - 1
_SUN_PATH = 108
"""Bytes that a unix socket's path may have (sockaddr_un), its final NUL included."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen or connect: a host and port, or the path of a unix socket.

    ``host`` is a name, an IPv4 address or an IPv6 address without brackets; ``port`` is 0 with ``path``.
    """

    host: str
    port: int
    path: str | None = None

    def __str__(self) -> str:
        if self.path is not None:
            return f"unix:{self.path}"
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def number(text: str, least: int = 0, most: int = LARGEST) -> int:
    """A whole number in decimal digits, ``least`` and ``most`` included."""
    if not (text.isascii() and text.isdigit()) or (value := int(text)) > LARGEST:
        raise ValueError(f'invalid number "{text}", expected digits such as 16')
    if not least <= value <= most:
        raise ValueError(f'invalid number "{text}", expected {least} {"or more" if most == LARGEST else f"to {most}"}')
    return value


def zone(text: str) -> tuple[str, int]:
    """``NAME:SIZE``: the name of a shared zone and its bytes."""
    name, colon, length = text.partition(":")
    if not name or not colon:
        raise ValueError(f'invalid zone "{text}", expected its name and size such as one:10m')
    return name, zone_size(name, length)


def zone_size(name: str, text: str) -> int:
    """The bytes of the shared zone of that name: eight pages at least, as nginx wants."""
    if (value := size(text)) < 8 * 4096:
        raise ValueError(f'zone "{name}" is too small, it needs 32k at least')
    return value


def flag(text: str) -> bool:
    """``on`` or ``off``, in any case."""
    if (lowered := text.lower()) not in ("on", "off"):
        raise ValueError(f'invalid value "{text}", it must be "on" or "off"')
    return lowered == "on"


def choice(text: str, allowed: Collection[str]) -> str:
    """One of ``allowed``, in any case; as ``allowed`` writes it."""
    for candidate in allowed:
        if candidate.lower() == text.lower():
            return candidate
    raise ValueError(f'invalid value "{text}", expected one of {", ".join(allowed)}')


def unknown_parameter(option: str, known: Collection[str]) -> ValueError:
    """For a parameter such as ``weight=2`` that is none of ``known``, which end with ``=`` where they take a value."""
    name, equals, _ = option.partition("=")
    close = difflib.get_close_matches(name + equals, known, 1)
    hint = f", did you mean `{close[0]}`?" if close else ""
    return ValueError(f'invalid parameter "{option}"{hint}')


def size(text: str) -> int:
    """Bytes: digits with ``k`` or ``m``, as nginx reads buffer sizes (ngx_parse_size)."""
    return _scaled(text, {"k": 1 << 10, "m": 1 << 20}, "8k or 1m")


def offset(text: str) -> int:
    """Bytes of a file or body: digits with ``k``, ``m`` or ``g`` (ngx_parse_offset)."""
    return _scaled(text, {"k": 1 << 10, "m": 1 << 20, "g": 1 << 30}, "512k, 10m or 1g")


def _scaled(text: str, units: dict[str, int], example: str) -> int:
    scale = units.get(text[-1:].lower())
    digits = text[:-1] if scale else text
    if not (digits.isascii() and digits.isdigit()) or (result := int(digits) * (scale or 1)) > LARGEST:
        raise ValueError(f'invalid size "{text}", expected bytes such as {example}')
    return result


_TIME_PART = re.compile(r"([0-9]*)(ms|[yMwdhms ]) *")
_SECONDS = {"y": 31536000, "M": 2592000, "w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1, " ": 1}
_TIME_ORDER = ("y", "M", "w", "d", "h", "m", "s", "ms", " ")


def time(text: str) -> float:
    """Seconds, to the millisecond: ``500ms``, ``30``, ``1m30s``, ``1d`` (ngx_parse_time with is_sec off).

    As in nginx, such times know no years and months: their ``M`` would be one slip away from ``m``.
    """
    return round(_milliseconds(text, frozenset("yM"), "30s, 500ms or 1h30m") / 1000, 3)


def seconds(text: str) -> int:
    """Whole seconds, for the directives that count so: ``1y``, ``30d``, ``90`` (ngx_parse_time with is_sec on)."""
    return _milliseconds(text, frozenset({"ms"}), "30s, 1h30m or 7d") // 1000


def _milliseconds(text: str, unknown: frozenset[str], example: str) -> int:
    units: list[str] = []
    total = 0
    position = 0
    while part := _TIME_PART.match(text, position):
        digits, unit = part.groups()
        total += int(digits or 0) * (_SECONDS[unit] * 1000 if unit in _SECONDS else 1)
        units.append(unit)
        position = part.end()
    rest = text[position:]
    falling = all(_TIME_ORDER.index(a) < _TIME_ORDER.index(b) for a, b in pairwise(units))
    rest_is_number = not rest or (rest.isascii() and rest.isdigit())
    if not (rest_is_number and falling and unknown.isdisjoint(units) and any(map(str.isdigit, text))):
        raise ValueError(f'invalid time "{text}", expected a time such as {example}')
    # A number without a unit at the end counts seconds.
    total += int(rest or 0) * 1000
    if total > LARGEST:
        raise ValueError(f'invalid time "{text}", it is too long')
    return total


def listen_address(text: str) -> Address:
    """What ``listen`` takes: ``80``, ``127.0.0.1:80``, ``*:80``, ``[::]:80``, ``localhost``, ``unix:/path``.

    The port is 80 unless said, and a wildcard host becomes ``0.0.0.0``.
    """
    if text.isascii() and text.isdigit():
        return Address("0.0.0.0", _port(text, text))
    address = server_address(text)
    return Address("0.0.0.0", address.port) if address.host == "*" else address


def server_address(text: str, default_port: int = 80) -> Address:
    """What ``server`` of an upstream or the host part of ``proxy_pass`` takes: ``host[:port]`` or ``unix:/path``."""
    if text[:5].lower() == "unix:":
        return _unix_address(text)
    if text.startswith("["):
        return _ipv6_address(text, default_port)
    host, colon, port = text.partition(":")
    if not host:
        raise ValueError(f'no host in "{text}"')
    if any(char in "/?" or char.isspace() for char in text):
        raise ValueError(f'invalid host in "{text}", expected host:port without a scheme or path')
    return Address(host, _port(port, text) if colon else default_port)


def upstream_url(text: str) -> tuple[str, Address, str | None]:
    """What ``proxy_pass`` takes: ``http://host[:port][/uri]`` or ``http://unix:/path[:/uri]``.

    Returns the scheme (``http`` or ``https``), the address and the URI (None when not written: it differs from ``/``).
    """
    scheme, separator, rest = text.partition("://")
    if not separator or (scheme := scheme.lower()) not in ("http", "https"):
        raise ValueError(f'invalid URL prefix in "{text}", it must begin with http:// or https://')
    if rest[:5].lower() == "unix:":
        path, colon, uri = rest[5:].partition(":")
        return scheme, _unix_address(f"unix:{path}"), uri if colon else None
    end = next((place for place, char in enumerate(rest) if char in "/?"), len(rest))
    return scheme, server_address(rest[:end], 443 if scheme == "https" else 80), rest[end:] or None


def _unix_address(text: str) -> Address:
    path = text[5:]
    if not path:
        raise ValueError(f'no path in the unix domain socket "{text}"')
    if len(path.encode()) >= _SUN_PATH:
        raise ValueError(f'too long path in the unix domain socket "{text}", at most {_SUN_PATH - 1} bytes')
    return Address("", 0, path)


def _ipv6_address(text: str, default_port: int) -> Address:
    host, bracket, port = text[1:].partition("]")
    try:
        IPv6Address(host)
    except AddressValueError:
        bracket = ""
    if not bracket or "%" in host:
        raise ValueError(f'invalid IPv6 address in "{text}", expected one such as [::1]:80')
    if not port:
        return Address(host, default_port)
    if not port.startswith(":"):
        raise ValueError(f'invalid host in "{text}", expected ":" and a port after "]"')
    return Address(host, _port(port[1:], text))


def _port(digits: str, text: str) -> int:
    if not (digits.isascii() and digits.isdigit() and 1 <= int(digits) <= 65535):
        raise ValueError(f'invalid port in "{text}", expected 1 to 65535')
    return int(digits)
