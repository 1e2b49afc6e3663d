from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pyproxy.config.tree import ConfigError
from pyproxy.programs.check import Process, check, option_names
from pyproxy.programs.program import Program

PATH = os.path.dirname(sys.executable)


def test_option_names_are_supervisors() -> None:
    assert {"command", "startsecs", "stopasgroup", "stdout_logfile_backups", "environment"} <= option_names()
    assert "programs" not in option_names()


@pytest.mark.parametrize(
    ("options", "line", "message"),
    [
        ({"command": "x", "startsec": "3"}, 3, "unknown option `startsec`, did you mean `startsecs`?"),
        ({"command": "x", "zzzz": "3"}, 3, "unknown option `zzzz`"),
        ({"startsecs": "3"}, 1, "`command` is missing"),
        ({"command": ""}, 2, "`command` is empty"),
        ({"command": "python 'x"}, 2, "`command` cannot be split into words (no closing quotation): python 'x"),
        (
            {"command": "gunicorrn app"},
            2,
            "command `gunicorrn` not found: it is not in PATH; install it, or write its full path",
        ),
        ({"command": "/no/such x"}, 2, "command `/no/such` not found: there is no such file"),
        ({"command": "./app.toml x"}, 2, "command `{0}/app.toml` is not an executable file"),
        ({"command": "python", "directory": "no/such"}, 3, "`directory` {0}/no/such does not exist"),
        ({"command": "python", "directory": "app.toml"}, 3, "`directory` {0}/app.toml is not a folder"),
        ({"command": "python", "user": "nosuch"}, 3, "`user` cannot be `nosuch`: Invalid user name nosuch"),
        (
            {"startsecs": "soon", "command": "python"},
            2,
            "`startsecs` cannot be `soon`: expected a whole number",
        ),
        (
            {"command": "python", "process_name": "p", "environment": "A"},
            4,
            "`environment` cannot be `A`: Unexpected end of key/value pairs in value 'A'",
        ),
        (
            {"command": "python", "ready": "localhost:8000"},
            3,
            "`ready` cannot be `localhost:8000`: write http://HOST:PORT/PATH, tcp://HOST:PORT or unix:/PATH",
        ),
        (
            {"command": "python", "ready_timeout": "0"},
            3,
            "`ready_timeout` cannot be `0`: it must be at least one second",
        ),
        ({"command": "python", "dependson": "x"}, 3, "unknown option `dependson`, did you mean `depends_on`?"),
        (
            {"command": "python", "stopasgroup": "true", "killasgroup": "false"},
            1,
            "Cannot set stopasgroup=true and killasgroup=false",
        ),
        (
            {"command": "python %(ENV_NO_SUCH)s"},
            2,
            "`command` cannot be `python %(ENV_NO_SUCH)s`: Format string 'python %(ENV_NO_SUCH)s' for "
            "'program:app.command' contains names ('ENV_NO_SUCH') which cannot be expanded.",
        ),
        (
            {"command": "python", "stdout_logfile": "no/such.log"},
            3,
            "`stdout_logfile` cannot be `no/such.log`: "
            "The directory named as part of the path {0}/no/such.log does not exist",
        ),
        (
            {"command": "py\rthon"},
            2,
            "`command` cannot be `py\rthon`: a carriage return or NUL cannot be in a value: 'py\\rthon'",
        ),
    ],
)
def test_refused(
    program: Callable[..., Program], tmp_path: Path, options: dict[str, str], line: int, message: str
) -> None:
    (tmp_path / "app.toml").touch()
    with pytest.raises(ConfigError) as caught:
        check(program(**options), "app", tmp_path, tmp_path / "logs", PATH)
    expected = f"program `app`: {message.format(tmp_path)} in {tmp_path}/app.toml:{line}"
    assert str(caught.value) == expected


@pytest.mark.parametrize("name", ["a b", "a:b", "a/b", "a]", ""])
def test_name(program: Callable[..., Program], tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="its name must have no space"):
        check(program(name, command="python"), "app", tmp_path, tmp_path, PATH)


def test_logs_that_cannot_be_written(program: Callable[..., Program], tmp_path: Path) -> None:
    (tmp_path / "logs").touch()
    with pytest.raises(ConfigError, match=r"its log cannot be written in .*/logs; name a `stdout_logfile`"):
        check(program(command="python"), "app", tmp_path, tmp_path / "logs", PATH)
    check(
        program(command="python", stdout_logfile="x.log", stderr_logfile="NONE"),
        "app",
        tmp_path,
        tmp_path / "logs",
        PATH,
    )


def test_another_user_without_root(
    program: Callable[..., Program], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.getuid", lambda: 4711)
    with pytest.raises(ConfigError, match="only root can run it as the user `root`"):
        check(program(command="python", user="root"), "app", tmp_path, tmp_path, PATH)


def test_processes(program: Callable[..., Program], tmp_path: Path) -> None:
    several = program(
        command="python",
        numprocs="2",
        process_name="p%(process_num)s",
        exitcodes="0,2",
        stopwaitsecs="4",
        autostart="false",
        stderr_logfile="%(program_name)s-err.log",
    )
    assert check(several, "app", tmp_path, tmp_path / "logs", PATH) == [
        Process(f"app:p{n}", False, 4, (0, 2), (tmp_path / f"logs/p{n}.log", tmp_path / "app-err.log")) for n in (0, 1)
    ]
    assert not (tmp_path / "logs").exists()


def test_the_path_of_the_program_counts(program: Callable[..., Program], tmp_path: Path) -> None:
    (tmp_path / "tool").touch(0o755)
    check(program(command="tool", environment=f'PATH="{tmp_path}"'), "app", tmp_path, tmp_path, PATH)
    with pytest.raises(ConfigError, match="`python` not found"):
        check(program(command="python", environment=f'PATH="{tmp_path}"'), "app", tmp_path, tmp_path, PATH)
