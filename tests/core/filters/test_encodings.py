"""Which codings a client accepts, as nginx reads Accept-Encoding."""

from __future__ import annotations

import pytest

from pyproxy.core.filters.encodings import accepts


@pytest.mark.parametrize(
    "value",
    [
        "br",
        "BR",
        "gzip,br",
        "gzip, br",
        "br;q=1",
        "br;q=0.001",
        "br ; q=0.5, gzip",
        "abr, br",
    ],
)
def test_accepted(value: str) -> None:
    assert accepts(value.encode(), b"br")


@pytest.mark.parametrize(
    "value", ["", "b", "brx", "abr", "*", "br;q=0", "br;q=0.000", "br;q=x", "br;q =1", "br;q=0, br"]
)
def test_refused(value: str) -> None:
    assert not accepts(value.encode(), b"br")
