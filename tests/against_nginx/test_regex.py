"""Regular expressions in PCRE's notation: what matches, and what is captured."""

from __future__ import annotations

import pytest

from .exchange import Exchange, get
from .pair import Pair

# each is asked about each text with `$arg_x`, which is not decoded
PATTERNS = [
    r"^a(.*)z$",
    r"^(a|ab)(c|bcd)$",
    r"(?i)ABC(.)",
    r"a(?i)b(.)",
    r"a(?i)b|c(.)",
    r"(a(?i)b|c)D",
    r"(?i:ab)(c)",
    r"((?i)a(?-i)b)",
    r"(?s)a.b",
    r"(?m)^b",
    r"(?x) a b c # comment",
    r"(?#comment)ab(c)",
    r"^\Qa.b\E(.*)",
    r"\Aab(.)\z",
    r"abc\Z",
    r"(?<first>[a-c]+)-(?P<second>\d+)-\k<first>",
    r"(?'third'[a-c])\k'third'",
    r"(?P<x>a)(?P=x)",
    r"([a-c])\1",
    r"([a-c])\g1",
    r"([a-c])\g{1}2",
    r"([a-c])([a-c])\g{-1}",
    r"^([[:alpha:]]+)([[:digit:]]*)$",
    r"^([[:^digit:]]+)$",
    r"[[:upper:][:digit:]]([[:punct:]])",
    r"[]a-c]+([^]a])",
    r"[\w.-]+@([\w.-]+)",
    r"\x41\x{42}(.)",
    r"\h(.)|\H\d",
    r"^(a++)b",
    r"^(?>a+)(b)",
    r"^(a{2,3}?)",
    r"^(a{2,})$",
    r"a{b(.)",
    r"(?=.*\d)(?!.*z)^(.{3,})$",
    r"(?<=a)b(.)",
    r"(?<!a)b(.)",
    r"(a)?(?(1)b|c)",
    r"(?<n>a)?(?(<n>)b|c)",
    r"^(?:(\w+)\.)?(\w+)\.com$",
    r"\bab\b",
    r"(ab|cd){2}",
    r"\/\.(ht|git)",
    r"a\.b",
    r"[a\-c]+",
    r"[[]a",
    r"\d{3}-\d{4}",
    r"()(a)",
    r"^(\p{Lu}+)",
    r"([\p{N}-]+)",
    r"(\P{L}+)$",
    r"(\pL)\pN",
]
TEXTS = [
    "abc",
    "abcd",
    "ABC",
    "aBC",
    "aBcD",
    "ab",
    "aab",
    "aaab",
    "a.b",
    "a.bz",
    "az",
    "Abd",
    "abcz",
    "ab1",
    "ABC1",
    "abc-12-abc",
    "cc",
    "bcb",
    "bcc2",
    "aa",
    "aa2",
    "abc123",
    "A1.",
    "A.",
    "]a]b",
    "me@example.com",
    "AB1",
    "a{b1",
    "aXb",
    "c",
    "cb",
    "www.example.com",
    "example.com",
    "abab",
    "cdab",
    "x.php",
    "x.html",
    "/.git",
    "/.htaccess",
    "a-c",
    "[a",
    "555-1234",
    "b",
]

CONFIG = "server { listen 127.0.0.1:@main@;\n" + "".join(
    f'location /{number}/ {{ if ($arg_x ~ "{pattern}") {{ return 200 "yes [$1] [$2]"; }} return 200 "no [$1]"; }}\n'
    for number, pattern in enumerate(PATTERNS)
)
CONFIG += "}"

EXCHANGES = [
    Exchange(
        f"{number} {pattern}",
        b"".join(get(f"/{number}/?x={text}") for text in TEXTS),
        (200,) * len(TEXTS),
        contains="'yes",
    )
    for number, pattern in enumerate(PATTERNS)
]


@pytest.mark.parametrize("exchange", EXCHANGES, ids=str)
def test_regex(pair: Pair, exchange: Exchange) -> None:
    pair.compare(exchange)
