from __future__ import annotations

from pathlib import Path

import pytest

from pyproxy.config import supervisor
from pyproxy.config.tree import ConfigError

TEXT = """\
; comment
[supervisord]
logfile=/tmp/x

[program:web]
command = run --color="#fff" --set a=b ; the server
Environment: A="x;y",B="%(ENV_HOME)s"
  ,C="%(here)s"

startsecs=1
startsecs=3
[group:all]
programs=web
[other]
"""


def test_programs_and_groups() -> None:
    directives, ignored = supervisor.parse(TEXT, "f")
    assert [(d.name, d.args, d.source.line) for top in directives for d in top.walk()] == [
        ("program", ("web",), 5),
        ("command", ('run --color="#fff" --set a=b',), 6),
        ("environment", ('A="x;y",B="%(ENV_HOME)s"\n,C="%(here)s"',), 7),
        ("startsecs", ("3",), 11),
        ("group", ("all",), 12),
        ("programs", ("web",), 13),
    ]
    assert ignored == ("supervisord", "other")


def test_include_counts_from_the_file(tmp_path: Path) -> None:
    directives, _ = supervisor.parse("[include]\nfiles = a/*.ini %(here)s/b.ini /c.ini\n", str(tmp_path / "f"))
    assert [d.args for d in directives] == [(f"{tmp_path}/a/*.ini",), (f"{tmp_path}/b.ini",), ("/c.ini",)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("\nx=1\n", r"expected a section such as \[program:name\] in f:2"),
        ("[program:a]\ncommand\n", r"expected `option = value`, not `command` in f:2"),
        ("[program:]\ncommand=a\n", r"\[program:\] has no name, write \[program:name\] in f:1"),
        ("\n[eventlistener:x]\ncommand=a\n", r"\[eventlistener:x\] is not supported, .* in f:2"),
        ("[[server]]\nlisten = 80\n", r"\[\[server\]\] is TOML, let the file's name end in .toml in f:1"),
        ("[program.x]\n", r"\[program.x\] is TOML, .* in f:1"),
        ("[fcgi-program:x]\n", r"\[fcgi-program:x\] is not supported, .* in f:1"),
    ],
)
def test_errors_name_the_line(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        supervisor.parse(text, "f")


@pytest.mark.parametrize(
    ("text", "answer"),
    [("; a\n\n# b\n [x]", True), ("[a]", True), ("# a\nserver { }", False), ("", False), ("# [a]", False)],
)
def test_is_told_by_its_first_line(text: str, answer: bool) -> None:
    assert supervisor.is_supervisor(text) is answer
