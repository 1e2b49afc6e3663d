"""access_log and log_format; nginx's own lines are compared in tests/against_nginx/test_log_format.py."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyproxy.core.logs.log import Logs
from pyproxy.core.logs.logline import escape_default, escape_json

from .conftest import Ask

Logged = Callable[..., dict[str, str]]


@pytest.fixture
def logged(stream: Ask, logs: Logs, tmp_path: Path) -> Logged:
    """Ask once; the logs of tmp_path afterwards."""

    def ask(server: str, http: str = "", target: str = "/", *fields: str) -> dict[str, str]:
        client = stream(server, http)
        client.ask(target, *fields)
        client.request.log()
        logs.close()
        return {path.stem: path.read_text() for path in tmp_path.glob("*.log") if path.stem != "error"}

    return ask


def test_combined_is_the_default(logged: Logged) -> None:
    found = logged("access_log a.log; return 404;", "", "/x?y", 'User-Agent: a"b', "Referer: http://r/")
    pattern = (
        r'192\.0\.2\.1 - - \[\d\d/\w{3}/\d{4}:[\d:]{8} [+-]\d{4}\] "GET /x\?y HTTP/1\.1" 404 0 "http://r/" "a\\x22b"\n'
    )
    assert re.fullmatch(pattern, found["a"])


@pytest.mark.parametrize(
    ("server", "names"),
    [
        ("access_log a.log; access_log b.log;", {"a", "b"}),
        ("access_log a.log; location / { access_log b.log; }", {"b"}),
        ("access_log a.log; location / { access_log off; }", set()),
        ("access_log a.log; access_log off;", set()),
        ("access_log a.log combined if=$arg_log;", set()),
        ("access_log a.log combined if=$arg_zero;", set()),
        ("access_log a.log combined if=$arg_one;", {"a"}),
        ("access_log a.log combined buffer=32k flush=1m;", {"a"}),
    ],
)
def test_which_logs_are_written(logged: Logged, server: str, names: set[str]) -> None:
    found = logged(server, "", "/?zero=0&one=1")
    assert {name for name, text in found.items() if text} == names


@pytest.mark.parametrize(
    ("escape", "line"),
    [
        ("", r"q\x22\x5C\xC3\xBC - []"),
        ("escape=default", r"q\x22\x5C\xC3\xBC - []"),
        ("escape=json", r"q\"\\ü  []"),
        ("escape=none", 'q"\\ü  []'),
    ],
)
def test_escapes(logged: Logged, escape: str, line: str) -> None:
    formats = f"log_format f {escape} '$http_x $http_none ' '[$https]';"
    found = logged("access_log a.log f; return 200;", formats, "/", 'X: q"\\ü')
    assert found["a"] == line + "\n"


@given(st.binary())
def test_default_leaves_printable_ascii(value: bytes) -> None:
    escaped = escape_default(value)
    assert re.fullmatch(rb"(?:[ !#-\[\]-~]|\\x[0-9A-F]{2})*", escaped)
    assert re.sub(rb"\\x(..)", lambda m: bytes([int(m[1], 16)]), escaped) == value


@given(st.text())
def test_json_reads_back(value: str) -> None:
    data = value.encode("utf-8", "surrogatepass")
    assert json.loads(b'"' + escape_json(data) + b'"') == value if data.decode("utf-8", "ignore") == value else True


def test_json_writes_controls_as_nginx() -> None:
    assert escape_json(b"\x00\x1f\b\t\n\f\r\x7f\xff") == rb"\u0000\u001F\b\t\n\f\r" + b"\x7f\xff"


def test_a_variable_in_the_path(logged: Logged, tmp_path: Path) -> None:
    formats = "log_format f '$uri'; root .;"
    found = logged("access_log a_$arg_name.log f; return 200;", formats, "/x?name=b")
    assert found == {"a_b": "/x\n"}


@pytest.mark.parametrize("name", ["../b", "/../../b"])
def test_a_variable_does_not_lead_out_of_the_folder(
    logged: Logged, errors: Callable[[], str], tmp_path: Path, name: str
) -> None:
    assert logged("root .; access_log logs/$arg_name.log; return 200;", "", f"/?name={name}") == {}
    assert "is no path for a log while logging request, client: 192.0.2.1" in errors()


def test_no_log_where_the_root_does_not_exist(logged: Logged, errors: Callable[[], str], tmp_path: Path) -> None:
    assert logged("root none; access_log $host.log; return 200;") == {}
    why = "failed (2: No such file or directory) while logging request, client: "
    assert f'[error] {os.getpid()}#{os.getpid()}: *1 testing "{tmp_path}/none" existence {why}' in errors()


def test_a_log_whose_folder_does_not_exist(logged: Logged, errors: Callable[[], str], tmp_path: Path) -> None:
    assert logged("root .; access_log none/$host.log; return 200;") == {}
    why = "failed (2: No such file or directory) while logging request, client: "
    assert f'[crit] {os.getpid()}#{os.getpid()}: *1 open() "{tmp_path}/none/localhost.log" {why}' in errors()


def test_all_at_one_path_are_gathered_alike(make_site: Callable[..., object], logs: Logs) -> None:
    make_site(
        "access_log a.log; location /a { access_log a.log combined buffer=1k; } location /b { access_log b.log; }"
    )
    assert sorted(Path(path).name for path in logs.paths()) == ["a.log", "b.log", "error.log"]


def test_format_names_are_looked_up_without_regard_to_case(logged: Logged) -> None:
    assert logged("access_log a.log Short; return 200;", "log_format SHORT '$uri';")["a"] == "/\n"


def test_an_empty_format(logged: Logged) -> None:
    assert logged("access_log a.log f; return 200;", "log_format f '';")["a"] == "\n"


def test_percent_signs(stream: Ask, logs: Logs, tmp_path: Path) -> None:
    client = stream("access_log a.log f; return 200;", "log_format f '%b%$uri%%$status%';")
    client.ask("/%25%25b%25")
    for again in (False, True, True, True):
        client.ask("/%25%25b%25", again=again)
        client.request.log()
    logs.close()
    assert (tmp_path / "a.log").read_text() == "%b%/%%b%%%200%\n" * 4


def test_several_formats_for_a_head_that_is_repeated(stream: Ask, logs: Logs, tmp_path: Path) -> None:
    client = stream(
        "access_log a.log f; access_log b.log g; access_log c.log f; return 200;",
        "log_format f '$uri $status $http_x'; log_format g '$args';",
    )
    for again in (False, True, True, True):
        client.ask("/a?b", 'X: "', again=again)
        client.request.log()
    logs.close()
    assert [(tmp_path / f"{name}.log").read_text() for name in "abc"] == [
        "/a 200 \\x22\n" * 4,
        "b\n" * 4,
        "/a 200 \\x22\n" * 4,
    ]
