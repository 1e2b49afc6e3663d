from __future__ import annotations

from collections.abc import Callable

import pytest

from pyproxy.config import nginx
from pyproxy.config.tree import ConfigError, Directive, Source

Make = Callable[..., Directive]


def test_an_if_is_without_parentheses_in_the_tree(directive: Make) -> None:
    returns = (directive("return", "1"),)
    for condition in ('($a = "b c")', '( $a = "b c" )'):
        [parsed] = nginx.parse(f"if {condition} {{ return 1; }}", "f")
        assert parsed.children == returns
        assert parsed.args[-1] == "b c"
    assert nginx.format([directive("if", "$a", "=", "b c", children=returns)], main=False) == (
        'if ($a = "b c") {\n    return 1;\n}\n'
    )
    assert nginx.format([directive("if", "a b", children=())], main=False) == 'if ( "a b") {\n}\n'


def test_lines_are_kept() -> None:
    parsed = nginx.parse("a\n  b;\n\nc {\n # d\n e 'x\ny'; f;\n}\n", "f")
    assert [(d.name, d.source.line) for top in parsed for d in top.walk()] == [("a", 1), ("c", 4), ("e", 6), ("f", 7)]


def test_pyproxy_lines_are_configuration() -> None:
    text = 'a;\n  #pyproxy program x {\n#pyproxy\tb "c d"; # e\n  # f\n  #pyproxy }\ng "\n#pyproxy h"; #pyproxy i;\n'
    program, last = nginx.parse(text, "f")[1:]
    assert (program.name, program.args, program.source) == ("program", ("x",), Source("f", 2))
    assert [(option.name, option.args) for option in program.children or ()] == [("b", ("c d",))]
    assert (last.name, last.args) == ("g", ("\n#pyproxy h",))


def test_what_nginx_would_refuse_is_written_as_pyproxy_lines(directive: Make) -> None:
    queue = directive("upstream", "u", children=(directive("queue", "10"), directive("keepalive", "2")))
    text = nginx.format([queue], is_own=lambda directive: directive.name == "queue", main=False)
    assert text == "upstream u {\n    #pyproxy queue 10;\n    keepalive 2;\n}\n"
    assert nginx.parse(text, "f") == (queue,)


def test_events_that_say_nothing_are_not_in_the_tree(directive: Make) -> None:
    assert nginx.parse("events { # nothing\n} http {}", "f") == (directive("http", children=()),)
    assert nginx.format([]) == "events {\n}\n"
    telling = (directive("events", children=(directive("worker_connections", "64"),)),)
    assert nginx.parse(nginx.format(telling), "f") == telling


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (" \n;", 'unexpected ";", a directive must stand before it in f:2'),
        ("{ }", 'unexpected "{", a directive must stand before it in f:1'),
        ("a;\nif $a = b { }", r'invalid condition "\$a = b", write it in parentheses in f:2'),
        ("if { }", 'invalid condition "", write it in parentheses in f:1'),
        ("a \\", "unexpected end of file, expecting a character after the backslash in f:1"),
        ("a {" * 5000 + "}" * 5000, "blocks are nested too deep in f:1"),
    ],
)
def test_errors_say_what_to_do(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        nginx.parse(text, "f")
