"""error_log: levels, and which level of the configuration counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from pyproxy.core.logs.log import Logs

from .conftest import Ask


@pytest.mark.parametrize(
    ("server", "target", "files"),
    [
        ("", "/missing", {"error"}),
        ("error_log s.log;", "/missing", {"s"}),
        ("error_log s.log crit;", "/missing", set()),
        ("error_log s.log; error_log t.log info;", "/missing", {"s", "t"}),
        ("error_log s.log; location / { error_log l.log; }", "/missing", {"l"}),
        ("error_log memory:32m debug; error_log s.log debug_http debug_core;", "/missing", {"s"}),
        ("error_log s.log emerg debug_http;", "/missing", set()),
    ],
)
def test_where_errors_go(stream: Ask, logs: Logs, tmp_path: Path, server: str, target: str, files: set[str]) -> None:
    stream(server).ask(target)
    logs.close()
    assert {path.stem for path in tmp_path.glob("*.log") if path.read_text()} == files


def test_a_line_says_who_asked_for_what(stream: Ask, logs: Logs, tmp_path: Path) -> None:
    client = stream("server_name A.org b;")
    client.ask("/missing%0a\xff", "Referer: http://r/\x80")
    logs.close()
    (line,) = (tmp_path / "error.log").read_text().splitlines()
    assert line.endswith(
        ': *1 open() "' + str(tmp_path) + '/html/missing\\x0aÿ" failed (2: No such file or directory), '
        'client: 192.0.2.1, server: a.org, request: "GET /missing%0aÿ HTTP/1.1", host: "localhost", '
        'referrer: "http://r/\\x80"'
    )
