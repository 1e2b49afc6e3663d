"""What `if` and values of SSI commands mean."""

from __future__ import annotations

import pytest

from pyproxy.core.ssi.expression import evaluate, expand

VALUES = {b"a": b"b", b"empty": b"", b"long_1": b"x y"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b"", b""),
        (b"text", b"text"),
        (b"$a$A${a}a", b"bbba"),
        (b"${long_1}|$long_1|$nowhere|$empty|", b"x y|x y|||"),
        (b"\\$a\\\\\\'\\\"\\x", b"$a\\'\"\\x"),
        (b"end\\", b"end"),
    ],
)
def test_expand(text: bytes, value: bytes) -> None:
    assert expand(text, VALUES.get) == value


@pytest.mark.parametrize("text", [b"$", b"a$ b", b"${", b"${}", b"${a", b"${a b}"])
def test_what_is_no_variable(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"variable"):
        expand(text, VALUES.get)


@pytest.mark.parametrize(
    ("expression", "holds"),
    [
        (b"$a", True),
        (b"$empty", False),
        (b"$a = b", True),
        (b"$a != b", False),
        (b"B = b", True),
        (b"b = B", False),
        (b"$a = /[a-c]/", True),
        (b"$a != /[a-c]/", False),
        (b"$a = //", True),
        (b"$a = /", False),
        (b"$a = \\/b", False),
    ],
)
def test_conditions(expression: bytes, holds: bool) -> None:
    assert evaluate(expression, VALUES.get).holds is holds


@pytest.mark.parametrize("expression", [b"a b", b"a / b", b"$a = /b", b"$a ! b"])
def test_what_is_no_condition(expression: bytes) -> None:
    with pytest.raises(ValueError, match="invalid expression"):
        evaluate(expression, VALUES.get)


def test_a_regular_expression_that_is_none() -> None:
    with pytest.raises(ValueError, match="cannot be used"):
        evaluate(b"a = /(/", VALUES.get)


def test_captures() -> None:
    match = evaluate(b"xay = /(?<name>.)y/", VALUES.get).match
    assert match is not None
    assert match["name"] == b"a"
    assert evaluate(b"xay = /z/", VALUES.get).match is None
