from __future__ import annotations

import pytest

from pyproxy.config import nginx
from pyproxy.config.nginx_words import split_words
from pyproxy.config.tree import ConfigError, Source


def words(raw: str) -> tuple[str, ...]:
    [parsed] = nginx.parse(f"x {raw};", "f")
    return parsed.args


@pytest.mark.parametrize(
    ("raw", "args"),
    [
        (r"~ ^\/static\/.*$", ("~", r"^\/static\/.*$")),
        ("${a} $b", ("${a}", "$b")),
        (r'"a\tb\"c\\d\n"', ('a\tb"c\\d\n',)),
        (r"a\ b\;c\{", (r"a\ b\;c\{",)),
        ("a}b", ("a}b",)),
        ("a\u00a0b", ("a\u00a0b",)),
        ('it\'s W/"1"', ("it's", 'W/"1"')),
        ("'' \"\"", ("", "")),
        ("'{' '#'", ("{", "#")),
        ("a#b", ("a#b",)),
    ],
)
def test_words_follow_nginx(raw: str, args: tuple[str, ...]) -> None:
    assert words(raw) == args


def test_split_words() -> None:
    here = Source("f", 3)
    assert split_words(r'~ "^/a b$"', here) == ("~", "^/a b$")
    assert split_words("", here) == ()
    for bad in ("a;", '"a', '"a"b', "a {", "# a"):
        with pytest.raises(ConfigError, match="quote them as nginx would in f:3"):
            split_words(bad, here)
