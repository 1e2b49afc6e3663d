from __future__ import annotations

from collections.abc import Callable

import pytest

from pyproxy.config import nginx, toml
from pyproxy.config.tree import ConfigError, Directive

Make = Callable[..., Directive]

SAME = {
    "scalars": ("a = 1\nb = 1.10\nc = 'x y'\nd = true\ne = false\nf = []", "a 1; b 1.10; c 'x y'; d on; e off; f;"),
    "several arguments": ('a = ["x", 2, true]', "a x 2 on;"),
    "repeated": ('a = [["x", "y"], "z", []]\nb = [["1"], ["2"]]', "a x y; a z; a; b 1; b 2;"),
    "first argument as key": ('h.Host = "$host"\nh."a b" = ["c", "d"]', "h Host $host; h a b c d;"),
    "keys are quoted as in nginx": ("h.'\"a b\"' = 1", 'h "a b" 1;'),
    "repeated under a key": ('h.A = [["b"], ["c", "d"]]', "h A b; h A c d;"),
    "tables in an array": ('h = [{A = 1}, ["b", "c"]]', "h A 1; h b c;"),
    "one block": ("[events]\nx = 1", "events { x 1; }"),
    "blocks": ("[[server]]\na = 1\n[[server]]\n[server.location.'/']", "server { a 1; } server { location / { } }"),
    "block with several arguments": (r"[server.location.'~ ^\/s\/.*$']", r"server { location ~ ^\/s\/.*$ { } }"),
    "blocks that repeat": (
        "[[location.'/'.if.'$a']]\n[[location.'/'.if.'$a']]",
        "location / { if ($a) {} if ($a) {} }",
    ),
    "data": ("[types]\n'text/html' = ['html', 'htm']\nserver = 'x'", "types { text/html html htm; server x; }"),
    "data with arguments": ("[map.'$a $b']\ndefault = 1\n'~ x' = ''", "map $a $b { default 1; '~ x' ''; }"),
    "a name that is a block elsewhere": ("[upstream.u]\nserver = ['a', 'backup']", "upstream u { server a backup; }"),
    "unknown blocks": ("[odd.'x y']\na = 1\n[odd.'']", "odd x y { a 1; } odd {}"),
    "programs": (
        '[program.x]\ncommand = "a b"\nstartsecs = 3\nredirect_stderr = true\n'
        "exitcodes = [0, 2]\nenvironment = {A = '1'}",
        "program x { command 'a b'; startsecs 3; redirect_stderr true; exitcodes 0,2; environment 'A=\"1\"'; }",
    ),
    "then": (
        "set = ['$a', 1]\n[if.'$b']\n[[then]]\nset = ['$c', 2]\nreturn = 204\n[then.if.'$d']\n[[then]]\nx = 1",
        "set $a 1; if ($b) {} set $c 2; return 204; if ($d) {} x 1;",
    ),
    "then in data": (
        "[map.a]\nthen = 1\nb = 2\n[[server]]\n[[server.then]]\na = 1",
        "map a { then 1; b 2; } server { a 1; }",
    ),
    "events that say nothing": ("[events]", ""),
}


@pytest.mark.parametrize(("text", "same"), SAME.values(), ids=SAME.keys())
def test_says_the_same_as(text: str, same: str, shapes: toml.Shapes) -> None:
    assert toml.parse(text, "f", shapes) == nginx.parse(same, "f")


def test_sources_are_the_lines_of_the_keys(shapes: toml.Shapes) -> None:
    text = 'a = 1\n\n[[server]]  # x\nb = [\n  ["c"],\n  ["d",\n   "e"],\n]\n[server.location."/"]\nh.F = 1\nh.G = 2\n'
    found = [(d.name, d.source.line) for top in toml.parse(text, "f", shapes) for d in top.walk()]
    assert found == [("a", 1), ("server", 3), ("b", 5), ("b", 6), ("location", 9), ("h", 10), ("h", 11)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a = 1\nb = \n", "TOML: text needs quotes: .* in f:2"),
        ("x = 1\na = 2024-01-01", "2024-01-01 is a date or time to TOML, write it in quotes in f:2"),
        ("x = 1\n[location.'\"/']", "quote them as nginx would in f:2"),
    ],
)
def test_errors_name_the_line(text: str, message: str, shapes: toml.Shapes) -> None:
    with pytest.raises(ConfigError, match=message):
        toml.parse(text, "f", shapes)


def test_http_may_be_left_out(shapes: toml.Shapes, directive: Make) -> None:
    http = directive("http", children=(directive("sendfile", "on"), directive("server", children=())))
    program = directive("program", "x", children=())
    flat = toml.parse("user = 'a'\nsendfile = true\n[program.x]\n[[server]]", "f", shapes)
    assert toml.gather_http(flat, shapes) == (directive("user", "a"), http, program)
    explicit = toml.parse("sendfile = true\n[http]\n[[http.server]]\n[program.x]", "f", shapes)
    assert toml.gather_http(explicit, shapes) == (http, program)
    assert toml.gather_http((program,), shapes) == (program,)
