"""Commands in pages: found wherever the pieces end, and what is none is told of."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyproxy.core.ssi.parser import Command, CommandParser, Malformed

Part = bytes | Command | Malformed

PAGES: list[tuple[bytes, list[Part]]] = [
    (b"", []),
    (b"text", [b"text"]),
    (b"<!-- a --> <!--", [b"<!-- a --> <!--"]),
    (b"<!--#a-->", [Command(b"a", [])]),
    (b"<!--# a b='c'  d = \"e\"-->.", [Command(b"a", [(b"b", b"c"), (b"d", b"e")]), b"."]),
    (b"<<!<!-<!--<!--#a -->x", [b"<<!<!-<!--", Command(b"a", []), b"x"]),
    (b"<!--#a b='c\\'\\\\' -->", [Command(b"a", [(b"b", b"c\\'\\\\")])]),
    (b"<!--#a b='-->\"' -->", [Command(b"a", [(b"b", b'-->"')])]),
    (b"<!--#a -->\n<!--#b -->", [Command(b"a", []), b"\n", Command(b"b", [])]),
    (b"text<!--#a b='", [b"text"]),
    (b"<!--#a b -->x", [Malformed('unexpected "-" symbol after "b" parameter in "a" SSI command'), b"x"]),
    (b"<!--#a b=c -->x", [Malformed('unexpected "c" symbol before value of "b" parameter in "a" SSI command'), b"x"]),
    (b"<!--#a - -->x", [Malformed('unexpected " " symbol in "a" SSI command'), b"x"]),
    (b"<!--#a ---> -->x", [Malformed('unexpected "-" symbol in "a" SSI command'), b"x"]),
    (b"<!--#a b='01234567' -->", [Command(b"a", [(b"b", b"01234567")])]),
    (
        b"<!--#a b='012345678' -->",
        [Malformed('too long "012345678..." value of "b" parameter in "a" SSI command')],
    ),
    (b"<!--#%b-->" % (b"c" * 33), [Malformed(f'the "{"c" * 33}..." SSI command is too long')]),
    (b"<!--#a %b='' -->" % (b"p" * 33), [Malformed(f'too long "{"p" * 33}..." parameter in "a" SSI command')]),
]


def parse(pieces: list[bytes]) -> list[Part]:
    """The parts, texts that follow each other as one."""
    parser = CommandParser(8)
    found: list[Part] = []
    for part in [*(part for piece in pieces for part in parser.feed(piece)), parser.end()]:
        if isinstance(part, bytes) and found and isinstance(found[-1], bytes):
            found[-1] += part
        elif part != b"":
            found.append(part)
    return found


@pytest.mark.parametrize(("page", "expected"), PAGES)
def test_whole(page: bytes, expected: list[Part]) -> None:
    assert parse([page]) == expected


@pytest.mark.parametrize(("page", "expected"), PAGES)
def test_byte_by_byte(page: bytes, expected: list[Part]) -> None:
    assert parse([page[at : at + 1] for at in range(len(page))]) == expected


@given(st.text("<!-#> ab='\"\\", max_size=60), st.lists(st.integers(0, 59), max_size=8))
def test_pieces_do_not_matter(text: str, cuts: list[int]) -> None:
    page = text.encode()
    places = sorted({0, len(page), *(min(cut, len(page)) for cut in cuts)})
    assert parse([page[start:end] for start, end in pairwise(places)]) == parse([page])


@given(st.text("<!-# a", max_size=60))
def test_text_is_left_alone(text: str) -> None:
    page = re.sub("<!--#", "", text).encode()
    if b"<!--#" not in page:
        assert b"".join(part for part in parse([page]) if isinstance(part, bytes)) == page


def test_a_command_is_written_again() -> None:
    text = b'<!--#a b="c\\"" d="\'" -->'
    (command,) = parse([text.replace(b'c\\"', b"c")])
    assert isinstance(command, Command)
    assert command.written() == text.replace(b'c\\"', b"c")
