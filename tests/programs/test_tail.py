from __future__ import annotations

import os
from pathlib import Path

from pyproxy.programs.tail import LINES, Tail


def test_only_what_came_after_the_mark(tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    log.write_text("an older run\n")
    tail = Tail([log, tmp_path / "missing.log"])
    assert tail.lines(log) == ()
    with log.open("a") as file:
        file.write("first\nsecond")
    assert tail.lines(log) == ("first", "second")
    (tmp_path / "missing.log").write_text("new\n")
    assert tail.lines(tmp_path / "missing.log") == ("new",)


def test_a_rotated_log_is_read_from_its_start(tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    log.write_text("an older run\n")
    tail = Tail([log])
    log.write_text("short\n")
    assert tail.lines(log) == ("short",)


def test_the_last_lines_of_a_big_log(tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    log.write_text("".join(f"{number}\n" for number in range(100_000)))
    assert Tail([]).lines(log) == tuple(str(number) for number in range(100_000 - LINES, 100_000))


def test_what_is_no_file_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert Tail([tmp_path / "pipe"]).lines(tmp_path / "pipe") == ()
    assert Tail([]).lines(None) == ()
