"""access_log and log_format; nginx's own lines are compared in tests/against_nginx/test_log_format.py."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyproxy.core.log import Logs
from pyproxy.core.logline import escape_default, escape_json

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
