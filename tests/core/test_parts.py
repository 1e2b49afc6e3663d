"""Parts of a body: one, several with their frame, and one cut out of a stream."""

from __future__ import annotations

import email
import os
from typing import cast

import pytest

from pyproxy.core.parts import Multipart, Part, PartFilter


def parse(parts: Multipart, body: bytes) -> list[tuple[str | None, str | None, bytes]]:
    """Read a body with Python's own MIME parser."""
    message = email.message_from_bytes(b"Content-Type: " + parts.content_type + b"\r\n\r\n" + body)
    payload = cast("list[email.message.Message]", message.get_payload())
    return [(p["Content-Type"], p["Content-Range"], cast(bytes, p.get_payload(decode=True))) for p in payload]


def test_the_frame_is_mime() -> None:
    parts = Multipart([(0, 2), (8, 10)], 10, b"text/x")
    body = parts.cut(b"0123456789")
    assert len(body) == parts.length
    assert parse(parts, body) == [("text/x", "bytes 0-1/10", b"01"), ("text/x", "bytes 8-9/10", b"89")]


def test_without_a_type() -> None:
    parts = Multipart([(0, 1), (2, 3)], 10, b"")
    assert [part[:2] for part in parse(parts, parts.cut(b"0123456789"))] == [
        (None, "bytes 0-0/10"),
        (None, "bytes 2-2/10"),
    ]


def test_boundaries_differ() -> None:
    assert Multipart([], 1, b"").content_type != Multipart([], 1, b"").content_type


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
@pytest.mark.parametrize("bounds", [(0, 1), (0, 50), (3, 4), (13, 50), (49, 50)])
def test_one_part_is_the_same_bytes_in_whatever_pieces_it_comes(size: int, bounds: tuple[int, int]) -> None:
    content = os.urandom(50)
    part = Part(*bounds)
    cutting = PartFilter(part)
    pieces = [piece for at in range(0, 50, size) for piece in cutting.feed(content[at : at + size])]
    assert b"".join(pieces) == part.cut(content) == content[slice(*bounds)]
    assert not [*cutting.flush(), *cutting.end()]
