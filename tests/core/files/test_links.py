"""Files opened without following symbolic links."""

from __future__ import annotations

import os
from errno import ELOOP, ENOENT, ENOTDIR
from pathlib import Path
from typing import cast

import pytest

from pyproxy.core.files.links import IF_NOT_OWNER, ON, Links
from pyproxy.core.request import Request
from pyproxy.core.variables import literal

NOBODY = cast(Request, None)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """``real/file``, and links to both."""
    folder = tmp_path.resolve()
    (folder / "real").mkdir()
    (folder / "real/file").write_text("text")
    (folder / "link").symlink_to("real")
    (folder / "real/link").symlink_to("file")
    return folder


def read(links: Links, path: str) -> bytes | int:
    """The bytes, or the number of the error."""
    try:
        fd = links.open(NOBODY, path.encode(), os.O_RDONLY)
    except OSError as error:
        return error.errno or 0
    with open(fd, "rb") as file:
        return file.read()


def test_no_links_at_all(folder: Path) -> None:
    links = Links(ON, None)
    assert read(links, f"{folder}/real/file") == b"text"
    assert read(links, f"{folder}/real//file") == b"text"
    assert read(links, f"{folder}/real/link") == ELOOP
    assert read(links, f"{folder}/link/file") == ELOOP
    assert read(links, f"{folder}/real/none") == ENOENT
    assert read(links, f"{folder}/real/file/x") == ENOTDIR


def test_links_of_the_owner(folder: Path) -> None:
    links = Links(IF_NOT_OWNER, None)
    assert read(links, f"{folder}/link/file") == b"text"
    assert read(links, f"{folder}/real/link") == b"text"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_links_of_somebody_else(folder: Path) -> None:
    links = Links(IF_NOT_OWNER, None)
    os.chown(folder / "real/link", 12345, 12345, follow_symlinks=False)
    assert read(links, f"{folder}/real/link") == ELOOP
    assert read(links, f"{folder}/link/file") == b"text"
    os.chown(folder / "link", 12345, 12345, follow_symlinks=False)
    assert read(links, f"{folder}/link/file") == ELOOP


def test_links_in_what_is_trusted(folder: Path) -> None:
    assert read(Links(ON, literal(f"{folder}/link")), f"{folder}/link/file") == b"text"
    assert read(Links(ON, literal(f"{folder}/link/")), f"{folder}/link/link") == ELOOP
    assert read(Links(ON, literal(f"{folder}/link/link")), f"{folder}/link/link") == b"text"
    assert read(Links(ON, literal(f"{folder}/li")), f"{folder}/link/file") == ELOOP
    assert read(Links(ON, literal("")), f"{folder}/link/file") == ELOOP


def test_looking(folder: Path) -> None:
    links = Links(ON, None)
    assert links.look(NOBODY, f"{folder}/real/file".encode()).st_size == 4
    assert links.look(NOBODY, f"{folder}/real/".encode()).st_mode & 0o170000 == 0o040000
    for path in ("real/link", "link", "link/file"):
        with pytest.raises(OSError, match="symbolic"):
            links.look(NOBODY, f"{folder}/{path}".encode())
    assert Links(IF_NOT_OWNER, None).look(NOBODY, f"{folder}/link/link".encode()).st_size == 4
    with pytest.raises(NotADirectoryError):
        links.look(NOBODY, f"{folder}/real/file/".encode())


def test_nothing_stays_open(folder: Path) -> None:
    links = Links(ON, None)
    before = len(os.listdir("/dev/fd"))
    for path in ("real/file", "real/link", "link/file", "none/x"):
        read(links, f"{folder}/{path}")
    assert len(os.listdir("/dev/fd")) == before
