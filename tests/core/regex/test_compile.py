"""PCRE in the words of Python's re; what cannot be the same is refused, not guessed."""

from __future__ import annotations

import pytest

from pyproxy.core.captures import Captures
from pyproxy.core.regex.compile import compile_regex


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        (r"^\/static\/.*$", b"/static/a", b"/static/a"),
        (r"\.(png|jpg)$", b"/a.jpg", b".jpg"),
        (r"(?<year>\d{4})", b"/2026/", b"2026"),
        (r"(?P<year>\d{4})", b"/2026/", b"2026"),
        (r"(?<Y>\d)(?P=Y)", b"/1224", b"22"),
        (r"a(?<!b)c", b"ac", b"ac"),
        (r"[[:digit:]]+", b"a12", b"12"),
        (r"[^[:space:]/]+", b"/ab c", b"ab"),
        (r"[[:alpha:][:digit:]_-]+", b"/ab-1_!", b"ab-1_"),
        (r"a{2}", b"aaa", b"aa"),
        (r"(?i)ABC", b"abc", b"abc"),
        (r"(?-i)a|b", b"Ab", b"b"),
        (r"a++b", b"aab", b"aab"),
        (r"[a&&b]", b"x&", b"&"),
        ("ü", b"\xc3\xbc", b"\xc3\xbc"),
    ],
)
def test_finds(pattern: str, text: bytes, found: bytes) -> None:
    match = compile_regex(pattern).search(text)
    assert match is not None
    assert match[0] == found


def test_digits_are_ascii_and_case_counts_unless_said() -> None:
    assert not compile_regex(r"^/\d$").search("/٣".encode())
    assert not compile_regex("^/a$").search(b"/A")
    assert compile_regex("^/a$", ignore_case=True).search(b"/A")


@pytest.mark.parametrize(
    "pattern",
    [
        *("(a", "a**", "[a", "a)", "[:alpha:]", "[[:no:]]", "(?<n>a)(?<n>b)", r"[\R]", "a\\"),
        *(r"\K", "(?R)", "(?1)", "(?|a)", "(?&n)", "(*UTF8)a", "(?U)a", r"\p{Greek}", r"\X", "(?<=a|bc)", "(?C)"),
    ],
)
def test_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="regular expression"):
        compile_regex(pattern)


def captures(pattern: str, text: bytes, before: Captures | None = None) -> Captures:
    match = compile_regex(pattern).search(text)
    assert match is not None
    return Captures(match, before)


def test_numbers_are_the_last_ones_names_stay() -> None:
    server = captures(r"^(?<sub>\w+)\.(x)$", b"a.x")
    location = captures(r"^/(?<page>\w)?", b"/", server)
    assert (location[0], location[1], len(location)) == (b"/", None, 2)
    assert (location.named("sub"), location.named("page"), location.named("no")) == (b"a", None, None)
    assert captures("(?<Sub>b)", b"b", location).named("sub") == b"b"
