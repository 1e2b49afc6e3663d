"""A small site made of a configuration's text."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pyproxy.compile import Sources, load_schema
from pyproxy.core.files import openfiles
from pyproxy.core.files.openfiles import SMALL
from pyproxy.core.logs.log import Logs
from pyproxy.core.site import Site

from .fake_stream import FakeStream

MakeSite = Callable[..., Site]
Ask = Callable[..., FakeStream]

SCHEMA = load_schema()
MTIME = 1_700_000_000
BIG = os.urandom(SMALL * 3)


@pytest.fixture
def logs() -> Iterator[Logs]:
    logs = Logs()
    yield logs
    logs.close()


@pytest.fixture
def make_site(tmp_path: Path, logs: Logs) -> MakeSite:
    """Compile a server's (and http's) directives; relative paths count from tmp_path."""

    def make(server: str, http: str = "") -> Site:
        file = tmp_path / "nginx.conf"
        file.write_text(
            f"error_log {tmp_path}/error.log info;\n"
            f"http {{\naccess_log off;\n{http}\nserver {{\nlisten 127.0.0.1:80;\n{server}\n}}\n}}\n"
        )
        sources = Sources(str(file), str(tmp_path))
        return sources.compile(sources.load(SCHEMA), SCHEMA, logs)

    return make


@pytest.fixture
def stream(make_site: MakeSite) -> Ask:
    """A client of such a site."""
    return lambda server, http="": FakeStream(make_site(server, http))


@pytest.fixture
def errors(tmp_path: Path, logs: Logs) -> Callable[[], str]:
    """Close the error log and read it."""

    def read() -> str:
        logs.close()
        return (tmp_path / "error.log").read_text()

    return read


@pytest.fixture
def www(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that such a site serves: files of some sizes, of which the small ones are kept at once."""
    monkeypatch.setattr(openfiles, "SETTLED", -3600.0)
    folder = tmp_path / "html"
    (folder / "folder").mkdir(parents=True)
    for name, content in {"ten.txt": b"0123456789", "big.bin": BIG, "empty": b"", "gone.html": b"gone"}.items():
        (folder / name).write_bytes(content)
        os.utime(folder / name, (MTIME, MTIME))
    return folder
