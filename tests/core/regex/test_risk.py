"""Which expressions are called dangerous, and that slow ones are told of."""

from __future__ import annotations

import pytest

from pyproxy.core.regex.pcre import translate
from pyproxy.core.regex.risk import assess
from pyproxy.core.regex.timed import SLOW, RegexCompiler, TimedPattern


@pytest.mark.parametrize(
    "pattern",
    [
        *(r"(a+)+$", r"(/.+)+", r"(\w+\s?)*$", r"([a-z]+\d*)+", r"((a*)*)*", r"(x+x+)+y", r"^([a-z0-9]+[-_]?)*$"),
        *(r"^(?:a*)*b", r"^((?<n>a+)|b)*$", r"(?:(?:a+)?b?)*c", r"([^;,]+)+$"),
    ],
)
def test_exponential(pattern: str) -> None:
    assert assess(translate(pattern).encode()).exponential


@pytest.mark.parametrize(
    ("pattern", "loops"),
    [
        (r"^/static/(.*)\.(png|jpg)$", 1),
        (r"^(/[^/]+)+$", 2),
        (r"^(/[^/;]+)+$", 2),
        (r"(?:\.\w+)*", 2),
        (r"^(?:[a-z]+-)*[a-z]+$", 3),
        (r"([^/]+/)*$", 2),
        (r"(a|b)*c", 1),
        (r"(a++)+", 1),
        (r"(?>a+)+", 1),
        (r"^(.*)x(.*)$", 2),
        (r"\.(php|html?)$", 0),
        (r"a{2,5}", 0),
        (r"(?=.*\d)^[a-z]", 1),
    ],
)
def test_harmless(pattern: str, loops: int) -> None:
    assert assess(translate(pattern).encode()) == (False, loops)


def test_a_dangerous_one_is_warned_of() -> None:
    warnings: list[str] = []
    RegexCompiler(warnings.append, warnings.append)("(a+)+$")
    assert [warning.partition(" can ")[0] for warning in warnings] == ['regular expression "(a+)+$"']


def test_what_is_slow_is_told_once_in_a_while() -> None:
    told: list[str] = []
    pattern = RegexCompiler(lambda warning: None, told.append)("^(a+)+$")
    assert isinstance(pattern, TimedPattern)
    text = b"a" * 19 + b"!"
    for _ in range(2):
        assert pattern.search(text) is None
    assert len(told) == 1
    assert told[0].startswith('regular expression "^(a+)+$" took ')
    assert told[0].endswith(" ms for 20 bytes")
    assert float(told[0].split()[-5]) >= SLOW * 1000


def test_what_is_fast_is_not_told_and_simple_ones_are_not_watched() -> None:
    told: list[str] = []
    compiler = RegexCompiler(told.append, told.append)
    assert compiler("^(.*)/(.*)$").search(b"a/b") is not None
    assert told == []
    assert not isinstance(compiler("^/a(.*)$"), TimedPattern)
