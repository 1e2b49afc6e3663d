"""Recoding: the same whatever the pieces, and for what is no UTF-8 what nginx makes of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyproxy.core.filters.charsets import Recoder, Table

KOI = Table({0xC1: "\u0430".encode(), 0xC2: "\u0431".encode(), 0x80: "\u20ac".encode()}, to_utf8=True)
SHIFT = Table({0x80: b"\xc0", 0x81: b"\xc1"}, to_utf8=False)


def recode(recoder: Recoder, *pieces: bytes) -> bytes:
    return b"".join(out for piece in pieces for out in recoder.feed(piece))


def test_to_utf8() -> None:
    assert recode(KOI.recoder(True), b"x\xc1\xc2\x80\xff") == "x\u0430\u0431\u20ac?".encode()


def test_from_utf8() -> None:
    text = "x\u0430\u0431\u20ac\u0432\U0001f600"
    assert recode(KOI.recoder(False), text.encode()) == b"x\xc1\xc2\x80&#1074;&#128512;"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"\x80a", b"?a"),
        (b"\xc0\x80a", b"??a"),
        (b"\xe0a12", b"?12"),
        (b"\xe2\x82a12", b"?12"),
        (b"\xf5\x80\x80\x80a", b"?a"),
        (b"\xff", b"?"),
        (b"\xed\xa0\x80a", b"&#55296;a"),
        (b"\xd0", b""),
    ],
)
def test_what_is_no_utf8(data: bytes, expected: bytes) -> None:
    assert recode(KOI.recoder(False), data) == expected


def test_bytes_to_bytes() -> None:
    assert recode(SHIFT.recoder(True), b"a\x80\x81\x82") == b"a\xc0\xc1?"
    assert recode(SHIFT.recoder(False), b"a\xc0\xc1\x82") == b"a\x80\x81?"


@given(st.binary(max_size=40), st.integers(0, 40))
def test_pieces_do_not_matter(data: bytes, cut: int) -> None:
    assert recode(KOI.recoder(False), data[:cut], data[cut:]) == recode(KOI.recoder(False), data)
