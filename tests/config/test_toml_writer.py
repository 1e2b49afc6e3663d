from __future__ import annotations

import pytest

from pyproxy.config import nginx, toml_writer
from pyproxy.config.toml import Shapes
from pyproxy.config.tree import ConfigError


def written(text: str, shapes: Shapes) -> str:
    return toml_writer.format(nginx.parse(text, "f"), shapes)


IDIOMS = {
    "arguments": (
        r"a; b on; c 8k; d 10; e 007; f '\"' x; g a\b'c;",
        'a = []\nb = true\nc = "8k"\nd = 10\ne = "007"\nf = [\'"\', "x"]\ng = "a\\\\b\'c"\n',
    ),
    "headers by name": (
        "add_header A b; add_header C d always;",
        'add_header.A = "b"\nadd_header.C = ["d", "always"]\n',
    ),
    "headers with one name": ("add_header A b; add_header A c;", 'add_header = [["A", "b"], ["A", "c"]]\n'),
    "repeated": ("allow 10.0.0.1; allow 10.0.0.2;", 'allow = [["10.0.0.1"], ["10.0.0.2"]]\n'),
    "http is left out": (
        "user a; http { sendfile on; server { listen 80; location / { } } upstream u { server a; } }",
        'user = "a"\nsendfile = true\n\n[[server]]\nlisten = 80\n\n[server.location."/"]\n\n'
        '[upstream.u]\nserver = "a"\n',
    ),
    "http that would not be found again": ("http { odd 1; }", "[http]\nodd = 1\n"),
    "order that TOML has no keys for": (
        "server { set $a 1; if ($b) { return 1; } set $c 2; location / { } root x; }",
        '[[server]]\nset = ["$a", 1]\n\n[server.if."$b"]\nreturn = 1\n\n[[server.then]]\nset = ["$c", 2]\n\n'
        '[server.then.location."/"]\n\n[[server.then]]\nroot = "x"\n',
    ),
    "programs": (
        "program x { command 'a b'; startsecs 3; redirect_stderr true; autorestart on; }",
        '[program.x]\ncommand = "a b"\nstartsecs = 3\nredirect_stderr = true\nautorestart = "on"\n',
    ),
}


@pytest.mark.parametrize(("text", "toml"), IDIOMS.values(), ids=IDIOMS.keys())
def test_writes_what_a_person_would(text: str, toml: str, shapes: Shapes) -> None:
    assert written(text, shapes) == toml


def test_long_arrays_have_a_line_for_each_element(shapes: Shapes) -> None:
    x, y = "x" * 60, "y" * 60
    assert written(f"a {x} {y};", shapes) == f'a = [\n    "{x}",\n    "{y}",\n]\n'


def test_says_what_toml_cannot(shapes: Shapes) -> None:
    with pytest.raises(ConfigError, match="`server` takes no arguments in f:1"):
        written("http { server x { } }", shapes)
    with pytest.raises(ConfigError, match="`exitcodes` is an option of Supervisor, it takes 1 argument in f:2"):
        written("program x {\nexitcodes 0 2; }", shapes)
