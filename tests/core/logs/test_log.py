"""The error log's lines and levels."""

from __future__ import annotations

import os
import re
from pathlib import Path

from pyproxy.core.logs.log import DEBUG, ERROR, INFO, WARN, ErrorLog, Logs


def lines(path: Path) -> list[str]:
    """What was written, with the time and the process left out."""
    pid = os.getpid()
    found = path.read_text().splitlines()
    for line in found:
        assert re.match(rf"\d{{4}}/\d\d/\d\d \d\d:\d\d:\d\d \[\w+\] {pid}#{pid}: ", line)
    return [re.sub(r"^\S+ \S+ (\[\w+\]) \S+", r"\1", line) for line in found]


def test_levels(tmp_path: Path) -> None:
    logs = Logs()
    few, many = logs.open(str(tmp_path / "few")), logs.open(str(tmp_path / "many"))
    log = ErrorLog([(few, ERROR), (many, INFO)])
    assert log.level == INFO
    for level, text in ((ERROR, "a"), (WARN, "b"), (INFO, "c"), (DEBUG, "d")):
        log.write(level, text)
    logs.close()
    assert lines(tmp_path / "few") == ["[error] a"]
    assert lines(tmp_path / "many") == ["[error] a", "[warn] b", "[info] c"]


def test_a_message_is_one_line_and_moves_no_cursor(tmp_path: Path) -> None:
    logs = Logs()
    log = ErrorLog([(logs.open(str(tmp_path / "log")), ERROR)])
    log.write(ERROR, "a\nb\r\x1b[2Jc\x7f\x9b1m ü \udcff")
    logs.close()
    assert lines(tmp_path / "log") == [r"[error] a\x0ab\x0d\x1b[2Jc\x7f\x9b1m ü \udcff"]


def test_a_long_line_is_cut_where_nginx_cuts_it(tmp_path: Path) -> None:
    logs = Logs()
    log = ErrorLog([(logs.open(str(tmp_path / "log")), ERROR)])
    log.write(ERROR, "x" * 5000)
    log.write(ERROR, "next")
    logs.close()
    long, following = (tmp_path / "log").read_bytes().splitlines(keepends=True)
    assert len(long) == 2048
    assert long.endswith(b"x\n")
    assert following.endswith(b": next\n")
