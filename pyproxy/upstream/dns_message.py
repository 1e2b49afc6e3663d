"""DNS messages (RFC 1035, 4), as far as it takes to ask for the addresses of a name.

By hand, because nginx takes an answer as it is told: an address that stands there twice is asked twice, and an alias
may be longer than the RFC allows.
"""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass, field
from typing import Final

A, CNAME, AAAA = 1, 5, 28
_INTERNET: Final = 1
_RESPONSE, _OPCODE, _TRUNCATED, _RECURSION_DESIRED, _CODE = 0x8000, 0x7800, 0x0200, 0x0100, 0x000F
_FAMILIES: Final = {A: (socket.AF_INET, 4), AAAA: (socket.AF_INET6, 16)}
_POINTERS: Final = 128
"""The most jumps within one name."""

_HEADER = struct.Struct("!HHHHHH")
_RECORD = struct.Struct("!HHiH")


@dataclass(slots=True)
class Answer:
    """What a server says of one name: addresses in its order, or an alias, or neither."""

    code: int
    """0, or the error (RFC 1035, 4.1.1)."""
    truncated: bool
    addresses: list[str] = field(default_factory=list)
    alias: str | None = None
    ttl: int = 0x7FFFFFFF
    """Seconds for which all of it counts."""


def make_query(ident: int, name: str, kind: int) -> bytes:
    """Ask for the records of one kind. Raises ValueError for a name that no server can know."""
    labels = name.removesuffix(".").encode("utf-8", "surrogateescape").split(b".")
    if not all(0 < len(label) < 64 for label in labels):
        raise ValueError(f'"{name}" is no name of a host')
    question = b"".join(bytes([len(label)]) + label for label in labels) + struct.pack("!xHH", kind, _INTERNET)
    return _HEADER.pack(ident, _RECURSION_DESIRED, 1, 0, 0, 0) + question


def read_answer(data: bytes, query: bytes) -> Answer | None:
    """The answer to ``query``; None for anything else, which anybody may have sent."""
    try:
        _, flags, questions, count, _, _ = _HEADER.unpack_from(data)
        answer = Answer(flags & _CODE, bool(flags & _TRUNCATED))
        if data[:2] != query[:2] or not flags & _RESPONSE or flags & _OPCODE:
            return None
        if questions == 0 and answer.code:
            # a server that could not read the question
            return answer
        at = len(query)
        if questions != 1 or data[12:at].lower() != query[12:].lower():
            return None
        if not answer.code and not answer.truncated:
            _read_records(data, at, count, answer, int.from_bytes(query[-4:-2], "big"))
    except (struct.error, IndexError, ValueError):
        return None
    return answer


def _read_records(data: bytes, at: int, count: int, answer: Answer, asked: int) -> None:
    for _ in range(count):
        at = _skip_name(data, at)
        kind, network, ttl, length = _RECORD.unpack_from(data, at)
        at += _RECORD.size
        if network != _INTERNET or at + length > len(data):
            raise ValueError
        answer.ttl = min(answer.ttl, max(ttl, 0))
        if kind in _FAMILIES:
            family, size = _FAMILIES[kind]
            if kind != asked or length != size:
                raise ValueError
            answer.addresses.append(socket.inet_ntop(family, data[at : at + length]))
        elif kind == CNAME:
            answer.alias = _read_name(data, at)
        at += length


def _skip_name(data: bytes, at: int) -> int:
    while length := data[at]:
        if length & 0xC0:
            return at + 2
        at += 1 + length
    return at + 1


def _read_name(data: bytes, at: int) -> str:
    labels: list[bytes] = []
    jumps = 0
    while length := data[at]:
        if length & 0xC0:
            jumps += 1
            if jumps > _POINTERS:
                raise ValueError
            at = (length & 0x3F) << 8 | data[at + 1]
        else:
            labels.append(data[at + 1 : at + 1 + length])
            at += 1 + length
    return b".".join(labels).decode("utf-8", "surrogateescape")
