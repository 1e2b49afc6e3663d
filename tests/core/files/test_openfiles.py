"""Opening files, and the open-file cache: what is kept, for how long, and how it learns of changes."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from pyproxy.core.files import openfiles
from pyproxy.core.files.openfiles import SMALL, IrregularFile, OpenFile, OpenFiles, open_file

NOW = 1_000_000.0


@pytest.fixture(autouse=True)
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests' files are newer than any second."""
    monkeypatch.setattr(openfiles, "SETTLED", -3600.0)


@pytest.fixture
def make(tmp_path: Path) -> Callable[[str, bytes], OpenFile]:
    def make(name: str, content: bytes) -> OpenFile:
        (tmp_path / name).write_bytes(content)
        return open_file(os.fsencode(tmp_path / name))

    return make


Make = Callable[[str, bytes], OpenFile]


def test_a_small_file(make: Make, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"0123456789")
    os.utime(tmp_path / "a", (1_700_000_000.9, 1_700_000_000.9))
    file = open_file(os.fsencode(tmp_path / "a"))
    assert (file.body, file.size, file.modified, file.etag) == (b"0123456789", 10, 1_700_000_000, b'"6553f100-a"')
    assert file.take_fd() == -1


def test_a_big_file_stays_open_until_closed(make: Make) -> None:
    file = make("a", bytes(SMALL + 1))
    assert file.body is None
    fd = file.take_fd()
    file.close()
    assert os.fstat(fd).st_size == SMALL + 1
    os.close(fd)
    file = make("b", bytes(SMALL + 1))
    fds = len(os.listdir("/dev/fd"))
    file.close()
    file.close()
    assert len(os.listdir("/dev/fd")) == fds - 1


def test_what_cannot_be_served(tmp_path: Path) -> None:
    fds = len(os.listdir("/dev/fd"))
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(IsADirectoryError):
        open_file(os.fsencode(tmp_path))
    with pytest.raises(IrregularFile):
        open_file(os.fsencode(tmp_path / "fifo"))
    with pytest.raises(IrregularFile):
        open_file(b"/dev/null")
    with pytest.raises(FileNotFoundError):
        open_file(os.fsencode(tmp_path / "none"))
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(tmp_path / "s"))
        with pytest.raises(OSError, match="No such device or address"):
            open_file(os.fsencode(tmp_path / "s"))
    assert len(os.listdir("/dev/fd")) == fds


def test_kept_without_a_look_for_as_long_as_valid(make: Make) -> None:
    files, file = OpenFiles(), make("a", b"a")
    assert files.put("a", file, NOW, 1.0)
    os.unlink(file.path)
    assert files.find("a", NOW + 0.9, 1.0) is file
    assert files.find("b", NOW, 1.0) is None
    assert files.find("a", NOW + 1.0, 1.0) is None
    assert len(files) == files.bytes == 0


def test_an_unchanged_file_is_kept_on(make: Make) -> None:
    files, file = OpenFiles(), make("a", b"a")
    files.put("a", file, NOW, 1.0)
    assert files.find("a", NOW + 5, 1.0) is file
    os.unlink(file.path)
    assert files.find("a", NOW + 5.9, 1.0) is file


def test_the_clock_may_go_back(make: Make) -> None:
    files, file = OpenFiles(), make("a", b"a")
    files.put("a", file, NOW, 1.0)
    os.unlink(file.path)
    assert files.find("a", NOW - 3600, 1.0) is None


def _rewrite(path: bytes) -> None:
    os.truncate(path, 0)


def _touch(path: bytes) -> None:
    os.utime(path, (0, 0))


def _replace(path: bytes) -> None:
    status = os.stat(path)
    with open(path + b"2", "wb") as other:
        other.write(b"b")
    os.utime(path + b"2", ns=(status.st_atime_ns, status.st_mtime_ns))
    os.replace(path + b"2", path)


def _become_folder(path: bytes) -> None:
    os.unlink(path)
    os.mkdir(path)


@pytest.mark.parametrize("change", [_rewrite, _touch, _replace, _become_folder, os.unlink])
def test_a_changed_file_is_forgotten(make: Make, change: Callable[[bytes], None]) -> None:
    files, file = OpenFiles(), make("a", b"a")
    files.put("a", file, NOW, 1.0)
    change(file.path)
    assert files.find("a", NOW + 1, 1.0) is None
    # for whoever remembers the file itself, too
    assert not file.checked <= NOW + 1 < file.until


def test_a_file_that_was_just_changed_is_not_kept(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openfiles, "SETTLED", 3600.0)
    assert not OpenFiles().put("a", make("a", b"a"), NOW, 1.0)


def test_a_file_that_was_cut_while_it_was_read_is_not_kept(make: Make) -> None:
    file = make("a", b"abc")
    file.body = b"ab"
    assert not OpenFiles().put("a", file, NOW, 1.0)


def test_big_files_are_not_kept(make: Make) -> None:
    file = make("a", bytes(SMALL + 1))
    assert not OpenFiles().put("a", file, NOW, 1.0)
    file.close()


def test_bounded_in_number(make: Make) -> None:
    files = OpenFiles(max_files=2)
    for name in "abc":
        files.put(name, make(name, b"x"), NOW, 10.0)
    assert [files.find(name, NOW, 10.0) is not None for name in "abc"] == [False, True, True]


def test_bounded_in_bytes(make: Make) -> None:
    files = OpenFiles(max_bytes=25)
    for name in "abc":
        files.put(name, make(name, bytes(10)), NOW, 10.0)
    assert files.bytes == 20
    assert [files.find(name, NOW, 10.0) is not None for name in "abc"] == [False, True, True]
    files.put("c", make("c", bytes(5)), NOW, 10.0)
    assert (len(files), files.bytes) == (2, 15)
    files.put("d", make("d", bytes(26)), NOW, 10.0)
    assert (len(files), files.bytes) == (0, 0)


def test_the_least_recently_checked_goes_first(make: Make) -> None:
    files = OpenFiles(max_files=2)
    for name in "ab":
        files.put(name, make(name, b"x"), NOW, 1.0)
    files.find("a", NOW + 2, 1.0)
    files.put("c", make("c", b"x"), NOW + 2, 1.0)
    assert [files.find(name, NOW + 2, 1.0) is not None for name in "abc"] == [True, False, True]


def test_unused_files_are_let_go(make: Make) -> None:
    files = OpenFiles(inactive=60)
    files.put("a", make("a", b"x"), NOW, 1.0)
    files.put("b", make("b", b"x"), NOW + 61.5, 1.0)
    assert len(files) == 1


def test_off(make: Make) -> None:
    files, file = OpenFiles(0), make("a", b"a")
    assert not files.put("a", file, NOW, 1.0)
    files.check(file.path, NOW, 1.0)
    os.unlink(file.path)
    with pytest.raises(FileNotFoundError):
        files.check(file.path, NOW, 1.0)


def test_check(make: Make) -> None:
    files, file = OpenFiles(), make("a", b"a")
    with pytest.raises(FileNotFoundError):
        files.check(file.path + b"x", NOW, 1.0)
    files.check(file.path, NOW, 1.0)
    os.unlink(file.path)
    files.check(file.path, NOW + 0.9, 1.0)
    for then in (NOW + 1.0, NOW - 1.0):
        with pytest.raises(FileNotFoundError):
            files.check(file.path, then, 1.0)
