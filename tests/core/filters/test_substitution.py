"""Replacing strings: as nginx does it, wherever the pieces end."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyproxy.core.filters.substitution import Substitution

ALPHABET = "abA"


def run(text: bytes, patterns: list[bytes], once: bool, cuts: list[int]) -> bytes:
    filtering = Substitution(patterns, lambda index: b"<%d>" % index, once)
    places = sorted({0, len(text), *(cut % (len(text) + 1) for cut in cuts)})
    pieces = [text[start:end] for start, end in pairwise(places)]
    return b"".join([*(out for piece in pieces for out in filtering.feed(piece)), *filtering.end()])


def expected(text: bytes, patterns: list[bytes], once: bool) -> bytes:
    """The plain way: the leftmost match, of those that begin there the first pattern."""
    left = dict(enumerate(patterns))
    out, position = b"", 0
    while left:
        expression = b"|".join(b"(?P<i%d>%b)" % (index, re.escape(pattern)) for index, pattern in left.items())
        match = re.compile(expression, re.IGNORECASE).search(text, position)
        if match is None or match.lastgroup is None:
            break
        index = int(match.lastgroup[1:])
        out += text[position : match.start()] + b"<%d>" % index
        position = match.end()
        if once:
            del left[index]
    return out + text[position:]


@given(
    st.text(ALPHABET, max_size=40),
    st.lists(st.text("ab", min_size=1, max_size=5), min_size=1, max_size=4, unique=True),
    st.booleans(),
    st.lists(st.integers(0, 40), max_size=8),
)
def test_the_same_as_the_plain_way(text: str, patterns: list[str], once: bool, cuts: list[int]) -> None:
    # the end of the text is a case of its own: what is held back there goes out as it is, as with nginx
    data, wanted = text.encode() + b".", [pattern.encode() for pattern in patterns]
    assert run(data, wanted, once, cuts) == expected(data, wanted, once)


def test_nothing_is_held_back_that_cannot_be_an_occurrence() -> None:
    filtering = Substitution([b"</head>"], lambda index: b"", True)
    assert b"".join(filtering.feed(b"<html><body>")) == b"<html><body>"
    assert b"".join(filtering.feed(b"text </he")) == b"text "
    assert b"".join(filtering.feed(b"y")) == b"</hey"


def test_a_replacement_is_asked_for_once() -> None:
    asked: list[int] = []

    def replacement(index: int) -> bytes:
        asked.append(index)
        return b"x"

    filtering = Substitution([b"a", b"b"], replacement, False)
    assert b"".join(filtering.feed(b"aaaa")) == b"xxxx"
    assert asked == [0]


@pytest.mark.timeout(10)
def test_long_texts_of_beginnings() -> None:
    filtering = Substitution([b"a" * 2000 + b"b"], lambda index: b"", False)
    text = b"a" * 200_000
    assert b"".join([*filtering.feed(text), *filtering.end()]) == text
