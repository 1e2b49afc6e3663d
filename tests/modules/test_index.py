"""index: which file stands for a folder."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pyproxy.config.tree import ConfigError

from .conftest import Ask, MakeSite

Errors = Callable[[], str]


@pytest.fixture(autouse=True)
def www(tmp_path: Path) -> Path:
    folder = tmp_path / "html"
    for name in ("index.html", "a.html", "sub/index.html", "sub/x", "bare/x", "odd/index.html/x"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    return folder


@pytest.mark.parametrize(
    ("server", "target", "body"),
    [
        ("", "/", "index.html"),
        ("", "/sub/?a=b", "sub/index.html"),
        ("index none x;", "/sub/", "sub/x"),
        ("index none; index x;", "/sub/", "sub/x"),
        ("index $arg_i;", "/sub/?i=x", "sub/x"),
        ("index none /a.html;", "/sub/", "a.html"),
        ("index $arg_i;", "/sub/?i=/a.html", "a.html"),
        ("location /s/ { alias html/sub/; }", "/s/", "sub/index.html"),
        ("location /t { alias html/sub; }", "/t/", "sub/index.html"),
    ],
)
def test_found(stream: Ask, server: str, target: str, body: str) -> None:
    client = stream(server)
    for _ in range(2):
        client.ask(target)
        assert (client.status, client.body.decode()) == (200, body)


def test_the_index_goes_to_the_location_of_its_name(stream: Ask) -> None:
    client = stream("location = /index.html { default_type x/y; }")
    client.ask("/")
    assert client.field("Content-Type") == "text/html"
    client = stream("location = /index.html { types { } default_type x/y; }")
    client.ask("/?a=b")
    assert client.field("Content-Type") == "x/y"
    assert client.request.args == b"a=b"


@pytest.mark.parametrize(
    ("target", "method", "status"),
    [
        ("/bare/", "GET", 403),
        ("/none/", "GET", 404),
        ("/a.html/", "GET", 404),
        ("/odd/", "GET", 301),
        ("/", "POST", 405),
        ("/bare/", "POST", 403),
        ("/", "PUT", 405),
    ],
)
def test_not_found(stream: Ask, target: str, method: str, status: int) -> None:
    client = stream("")
    client.ask(target, method=method)
    assert client.status == status


def test_names_in_the_error_log(stream: Ask, www: Path, errors: Errors) -> None:
    client = stream("location /quiet/ { log_not_found off; }")
    for target in ("/none/", "/a.html/", "/bare/", "/quiet/"):
        client.ask(target)
    first, second, third = errors().splitlines()
    assert f'"{www}/none/index.html" is not found (2: No such file or directory)' in first
    assert f'"{www}/a.html/index.html" is not found (20: Not a directory)' in second
    assert f'directory index of "{www}/bare/" is forbidden' in third


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_searched(stream: Ask, www: Path, errors: Errors) -> None:
    (www / "bare").chmod(0)
    client = stream("")
    client.ask("/bare/")
    (www / "bare").chmod(0o700)
    assert client.status == 403
    assert "is forbidden (13: Permission denied)" in errors()


def test_a_circle(stream: Ask, errors: Errors) -> None:
    client = stream("index /;")
    client.ask("/")
    assert client.status == 500
    assert "cycle" in errors()


def test_a_deleted_index_is_missed_within_a_second(stream: Ask, www: Path) -> None:
    client = stream("")
    client.ask("/sub/")
    (www / "sub/index.html").unlink()
    client.now += 1
    client.ask("/sub/")
    assert client.status == 403


def test_an_empty_name(make_site: MakeSite) -> None:
    with pytest.raises(ConfigError, match="`index`: an index needs a name"):
        make_site('index "";')
