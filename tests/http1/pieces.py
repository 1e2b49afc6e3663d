"""Heads that come in pieces, as on a connection."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar

from pyproxy.http1.head import find_head_end

Head = TypeVar("Head", covariant=True)


class HeadParser(Protocol[Head]):
    """A RequestParser or a ResponseParser."""

    def check_unfinished(self, data: bytes, start: int = 0, seen: int = 0) -> None: ...

    def parse(self, block: bytes) -> Head: ...


def read(pieces: Iterable[bytes], parser: HeadParser[Head]) -> tuple[Head, bytes]:
    """The head, and what comes after it.

    What a connection does: look for the end after each piece, ask whether to go on waiting, then parse.
    """
    data = b""
    seen = 0
    for piece in pieces:
        data += piece
        end = find_head_end(data)
        if end >= 0:
            return parser.parse(data[:end]), data[end:]
        parser.check_unfinished(data, 0, seen)
        seen = len(data)
    raise EOFError(f"still waiting after {data!r}")


def byte_by_byte(data: bytes) -> list[bytes]:
    return [data[i : i + 1] for i in range(len(data))]
