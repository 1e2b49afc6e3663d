"""The logs that are kept open while their names change: open_log_file_cache."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from pyproxy.core.logs.lognames import LogNames
from pyproxy.core.logs.logsink import NotWritten


class Folder:
    """A folder of logs that is moved away to see which of them are open."""

    def __init__(self, path: Path) -> None:
        self.path = path / "logs"
        self.path.mkdir()
        self._moved = path / "moved"
        self.now = 1000.0

    def use(self, names: LogNames, text: str) -> None:
        for letter in text:
            names.append(os.fsencode(self.path / letter), b"x", self.now)

    def open_ones(self, names: LogNames, text: str) -> str:
        """Those of the letters that can be written to though the folder is elsewhere."""
        self.path.rename(self._moved)
        found = ""
        for letter in text:
            try:
                self.use(names, letter)
                found += letter
            except FileNotFoundError:
                pass
        self._moved.rename(self.path)
        return found

    def sizes(self) -> dict[str, int]:
        return {path.name: path.stat().st_size for path in self.path.iterdir()}


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


@pytest.fixture
def made() -> Iterator[list[LogNames]]:
    made: list[LogNames] = []
    yield made
    for names in made:
        names.close()


@pytest.mark.parametrize(
    ("settings", "used", "still_open"),
    [
        ((0, 10, 1, 60), "aab", ""),
        ((2, 10, 1, 60), "ab", "ab"),
        ((2, 10, 1, 60), "abc", "bc"),
        ((2, 10, 1, 60), "abac", "ac"),
        ((9, 10, 2, 60), "aabcc", "ac"),
    ],
)
def test_what_stays_open(
    folder: Folder, made: list[LogNames], settings: tuple[int, float, int, float], used: str, still_open: str
) -> None:
    made.append(names := LogNames(*settings))
    folder.use(names, used)
    assert folder.open_ones(names, "abc") == still_open
    assert folder.sizes() == {name: used.count(name) + still_open.count(name) for name in set(used)}


def test_one_that_is_not_used_is_closed(folder: Folder, made: list[LogNames]) -> None:
    made.append(names := LogNames(9, 10, 1, 60))
    folder.use(names, "a")
    folder.now += 11
    folder.use(names, "b")
    assert folder.open_ones(names, "ab") == "b"


def test_a_rotated_one_is_noticed_after_a_while(folder: Folder, made: list[LogNames]) -> None:
    made.append(names := LogNames(9, 100, 1, 10))
    folder.use(names, "a")
    (folder.path / "a").rename(folder.path / "old")
    folder.use(names, "a")
    assert folder.sizes() == {"old": 2}
    folder.now += 10
    folder.use(names, "a")
    assert folder.sizes() == {"old": 2, "a": 1}


def test_a_full_disk(made: list[LogNames]) -> None:
    made.append(names := LogNames(9, 10, 1, 60))
    with pytest.raises(NotWritten, match=r'write\(\) to "/dev/full" failed \(28: No space left on device\)'):
        names.append(b"/dev/full", b"x", 0.0)
