"""Templates and what they depend on."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from pyproxy.core.captures import Captures
from pyproxy.core.regex.compile import compile_regex
from pyproxy.core.request import Request
from pyproxy.core.variables import Depends, Template, Variable, VariableFamily, Variables, literal

VARIABLES = Variables(
    [
        Variable("version", lambda request: b"1.0", Depends.CONSTANT),
        Variable("addr", lambda request: b"::1", Depends.CONNECTION),
        Variable("host", lambda request: b"h", Depends.HEAD),
        Variable("nothing", lambda request: None),
        VariableFamily("arg_", lambda name: lambda request: b"<" + name.encode() + b">", Depends.HEAD),
    ]
)


def request(**attributes: Any) -> Request:
    return cast(Request, SimpleNamespace(captures=None, **attributes))


@pytest.mark.parametrize(
    ("text", "rendered", "depends"),
    [
        ("", b"", Depends.CONSTANT),
        ("plain", b"plain", Depends.CONSTANT),
        ("ü", b"\xc3\xbc", Depends.CONSTANT),
        ("$version", b"1.0", Depends.CONSTANT),
        ("a$addr", b"a::1", Depends.CONNECTION),
        ("$addr$host", b"::1h", Depends.HEAD),
        ("$host/$nothing.", b"h/.", Depends.REQUEST),
        ("${host}x$HOST", b"hxh", Depends.HEAD),
        ("$arg_a-$arg_b_c", b"<a>-<b_c>", Depends.HEAD),
        ("$1x$10", b"x0", Depends.HEAD),
    ],
)
def test_template(text: str, rendered: bytes, depends: Depends) -> None:
    template = VARIABLES.template(text)
    assert (template.render(request()), template.depends) == (rendered, depends)


def test_constant_is_text_without_any_variable() -> None:
    assert VARIABLES.template("a").constant == b"a"
    assert VARIABLES.template("$version").constant is None
    assert literal("$host").constant == b"$host"


def test_captures() -> None:
    match = compile_regex("(a)(b)?").search(b"xa")
    assert match is not None
    template: Template = VARIABLES.template("[$1][$2][$3]")
    with_captures = request()
    with_captures.captures = Captures(match)
    assert template.render(with_captures) == b"[a][][]"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("$hots", 'unknown variable "$hots", did you mean `$host`?'),
        ("$arg", 'unknown variable "$arg"'),
        ("$0", 'unknown variable "$0"'),
        ("a$", 'invalid variable name in "a$"'),
        ("$-", 'invalid variable name in "$-"'),
        ("${host", 'invalid variable name in "${host"'),
        ("${}", 'invalid variable name in "${}"'),
        ("$ü", 'invalid variable name in "$ü"'),
    ],
)
def test_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match="variable") as raised:
        VARIABLES.template(text)
    assert str(raised.value) == message
