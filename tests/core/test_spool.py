"""Bytes put aside, in memory and in a file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pyproxy.core.spool import Spool


@pytest.mark.parametrize("limit", [0, 5, 10, 100])
@pytest.mark.parametrize("piece", [1, 3, 10])
def test_what_was_appended_is_read(tmp_path: Path, limit: int, piece: int) -> None:
    data = b"0123456789"
    spool = Spool(limit, str(tmp_path))
    for at in range(0, 10, piece):
        spool.append(memoryview(data)[at : at + piece])  # type: ignore[arg-type]  # as chunked bodies come
    assert spool.size == 10
    assert spool.in_file == (limit < 10)
    assert [spool.read(at, 4) for at in (0, 3, 8, 10)] == [b"0123", b"3456", b"89", b""]
    assert not os.listdir(tmp_path)
    spool.close()


@pytest.mark.parametrize("limit", [5, 100])
def test_clear_begins_anew(tmp_path: Path, limit: int) -> None:
    spool = Spool(limit, str(tmp_path))
    spool.append(b"old old old")
    spool.clear()
    assert (spool.size, spool.read(0, 100)) == (0, b"")
    spool.append(b"new")
    assert (spool.size, spool.read(0, 100)) == (3, b"new")
    assert spool.in_file == (limit == 5)
    spool.close()


def test_close_gives_the_file_back(tmp_path: Path) -> None:
    before = len(os.listdir("/dev/fd"))
    spool = Spool(0, str(tmp_path))
    spool.append(b"data")
    assert len(os.listdir("/dev/fd")) == before + 1
    spool.close()
    spool.close()
    assert len(os.listdir("/dev/fd")) == before
    assert (spool.size, spool.read(0, 10)) == (0, b"")


def test_a_folder_that_cannot_be_written_is_an_os_error(tmp_path: Path) -> None:
    spool = Spool(3, str(tmp_path / "none"))
    spool.append(b"abc")
    with pytest.raises(OSError, match="none"):
        spool.append(b"d")
