"""The pid file: whose it is, and who takes it away."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pyproxy.process.pidfile import PidFile


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run" / "pid"


@pytest.fixture
def mine(path: Path) -> Iterator[PidFile]:
    file = PidFile(str(path))
    file.write()
    yield file
    file.remove()


@pytest.fixture
def stranger() -> Iterator[int]:
    """A process that has nothing to do with it."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    with process:
        yield process.pid
        process.kill()


@pytest.fixture
def dead() -> int:
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_it_holds_our_number_until_it_is_removed(path: Path, mine: PidFile) -> None:
    assert path.read_text() == f"{os.getpid()}\n"
    assert PidFile(str(path)).running() == os.getpid()
    mine.remove()
    assert not path.exists()
    assert PidFile(str(path)).running() is None
    mine.remove()


def test_a_second_owner_is_refused(path: Path, mine: PidFile) -> None:
    other = PidFile(str(path))
    with pytest.raises(FileExistsError, match=f"belongs to process {os.getpid()}, a pyproxy that runs"):
        other.write()
    other.remove()
    assert path.read_text() == f"{os.getpid()}\n"


@pytest.mark.parametrize("content", ["", "nonsense\n", "-1\n", "0\n", "99999999999999999999\n", "{dead}\n"])
def test_what_a_crash_left_is_taken_over(path: Path, dead: int, content: str) -> None:
    path.parent.mkdir()
    path.write_text(content.format(dead=dead) + "and more")
    file = PidFile(str(path))
    assert file.running() is None
    file.write()
    assert path.read_text() == f"{os.getpid()}\n"
    file.remove()


def test_the_file_of_another_server_that_runs_is_left_alone(path: Path, stranger: int) -> None:
    path.parent.mkdir()
    path.write_text(f"{stranger}\n")
    file = PidFile(str(path))
    assert file.running() is None
    with pytest.raises(FileExistsError, match=f"names process {stranger}, which runs; if that is no proxy, remove"):
        file.write()
    file.remove()
    assert path.read_text() == f"{stranger}\n"


def test_a_file_that_has_replaced_ours_is_not_removed(path: Path, mine: PidFile) -> None:
    path.unlink()
    path.write_text("1\n")
    mine.remove()
    assert path.read_text() == "1\n"


def test_a_file_that_its_owner_removes_while_we_wait_for_it_is_written_anew(
    path: Path, mine: PidFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = PidFile(str(path))
    claim = PidFile._claim

    def late(self: PidFile, fd: int) -> None:
        mine.remove()
        claim(self, fd)

    monkeypatch.setattr(PidFile, "_claim", late)
    other.write()
    assert path.read_text() == f"{os.getpid()}\n"
    other.remove()
