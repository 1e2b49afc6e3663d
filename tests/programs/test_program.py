from __future__ import annotations

from pathlib import Path

import pytest

from pyproxy.config.tree import ConfigError, Directive, Source
from pyproxy.programs.program import Program, ProgramState


def directive(name: str, *args: str, line: int = 1, children: tuple[Directive, ...] | None = None) -> Directive:
    return Directive(name, args, children, Source("conf/app.toml", line))


def test_from_directive() -> None:
    tree = directive(
        "program",
        "golink",
        children=(directive("command", "gunicorn index:app", line=2), directive("startsecs", "3", line=3)),
    )
    program = Program.from_directive(tree)
    assert program == Program("golink", {"command": "gunicorn index:app", "startsecs": "3"}, tree.source)
    assert program.where("startsecs").line == 3
    assert program.where("user") == tree.source
    assert program.here == Path("conf").absolute()


def test_several_names_may_stand_in_depends_on() -> None:
    tree = directive("program", "x", children=(directive("depends_on", "db", "cache"),))
    assert Program.from_directive(tree).options == {"depends_on": "db,cache"}


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        (directive("program", children=()), "`program` needs one name: `program NAME { ... }` in conf/app.toml:1"),
        (
            directive("program", "x", children=(directive("command", "gunicorn", "app", line=2),)),
            "`command` needs one value; quote it if it has spaces in conf/app.toml:2",
        ),
    ],
)
def test_wrong_form(tree: Directive, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Program.from_directive(tree)
    assert str(caught.value) == message


def test_state_reads_as_a_message() -> None:
    state = ProgramState("app", "FATAL", 0, "Exited too quickly", 1, None, None, ("Traceback", "Error: no"))
    assert str(state) == "program `app` is FATAL: Exited too quickly\n    Traceback\n    Error: no"
