"""``--watch``: the configuration is read again whenever one of its files changes."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from .running import Running, free_ports, get, until

Start = Callable[..., Running]
LOADED = "configuration loaded anew"


class Site:
    """A site whose configuration is watched."""

    def __init__(self, folder: Path, start: Start) -> None:
        self.file = folder / "nginx.conf"
        (folder / "sites").mkdir()
        self.sites = folder / "sites"
        (self.port,) = free_ports(1)
        self.file.write_text(
            f"pid {folder}/run/pid; error_log {folder}/run/error.log notice; events {{}} http {{ access_log off;"
            f"server {{ listen 127.0.0.1:{self.port}; location = / {{ return 200 1; }} include sites/*.conf; }} }}"
        )
        self.running = start("--watch", "nginx.conf")

    def begin(self) -> None:
        self.running.ready()

    def answers(self, text: bytes, path: str = "/") -> None:
        until(lambda: get(self.port, path).endswith(b"\r\n" + text))

    def log(self) -> str:
        return (self.file.parent / "run" / "error.log").read_text()

    def loaded(self) -> int:
        return self.log().count(LOADED)


@pytest.fixture
def site(folder: Path, start: Start) -> Site:
    (folder / "run").mkdir()
    site = Site(folder, start)
    site.begin()
    return site


def test_a_file_that_is_written_and_one_that_is_replaced(site: Site) -> None:
    text = site.file.read_text()
    site.file.write_text(text.replace("200 1", "200 2"))
    site.answers(b"2")
    # as editors do: the new text under another name, then renamed
    new = site.file.with_name(".nginx.conf.swp")
    new.write_text(text.replace("200 1", "200 3"))
    new.rename(site.file)
    site.answers(b"3")
    # and the one that is there now is watched, too
    site.file.write_text(text.replace("200 1", "200 4"))
    site.answers(b"4")
    assert site.running.stop() == 0
    assert "Traceback" not in site.running.said + site.log()


def test_files_that_are_included_come_and_go(site: Site) -> None:
    added = site.sites / "a.conf"
    added.write_text("location /a { return 200 a; }")
    site.answers(b"a", "/a")
    added.write_text("location /a { return 200 b; }")
    site.answers(b"b", "/a")
    added.unlink()
    until(lambda: get(site.port, "/a").startswith(b"HTTP/1.1 404 "))


def test_the_files_follow_the_configuration(site: Site) -> None:
    elsewhere = site.file.parent / "elsewhere"
    elsewhere.mkdir()
    included = elsewhere / "more.conf"
    included.write_text("location /a { return 200 a; }")
    site.file.write_text(site.file.read_text().replace("include sites/*.conf;", "include elsewhere/more.conf;"))
    site.answers(b"a", "/a")
    included.write_text("location /a { return 200 b; }")
    site.answers(b"b", "/a")
    # and what it does not include any more concerns nobody
    until(lambda: site.loaded() == 2)
    (site.sites / "a.conf").write_text("nonsense")
    included.write_text("location /a { return 200 c; }")
    site.answers(b"c", "/a")
    until(lambda: site.loaded() >= 3)
    assert site.loaded() == 3


def test_several_changes_in_one_moment_are_one_reload(site: Site) -> None:
    for number in range(20):
        (site.sites / f"{number}.conf").write_text(f"location /{number} {{ return 200 {number}; }}")
    site.answers(b"19", "/19")
    assert get(site.port, "/0").endswith(b"0")
    until(site.loaded)
    assert site.loaded() == 1


def test_a_broken_edit_says_why_and_is_mended(site: Site) -> None:
    text = site.file.read_text()
    site.file.write_text(text.replace("return 200 1", "retrun 200 1"))
    until(lambda: "the new configuration is not used: unknown directive `retrun`" in site.log())
    assert get(site.port).endswith(b"1")
    # a fault in a file that was not of the configuration before
    (site.file.parent / "broken").mkdir()
    broken = site.file.parent / "broken" / "x.conf"
    broken.write_text("location /a {")
    site.file.write_text(text.replace("include sites/*.conf;", "include broken/x.conf;"))
    until(lambda: "broken/x.conf" in site.log())
    broken.write_text("location /a { return 200 mended; }")
    site.answers(b"mended", "/a")


def test_what_is_written_beside_it_and_what_stays_the_same_means_nothing(site: Site) -> None:
    for _ in range(3):
        (site.file.parent / "notes.txt").write_text(str(time.monotonic()))
        site.file.touch()
    text = site.file.read_text()
    site.file.write_text(text.replace("200 1", "200 2"))
    site.answers(b"2")
    until(site.loaded)
    assert site.loaded() == 1


def test_a_link_is_replaced(folder: Path, start: Start) -> None:
    """As where configurations are mounted into a container."""
    (port,) = free_ports(1)
    for number in (1, 2):
        (folder / f"version{number}").mkdir()
        (folder / f"version{number}" / "nginx.conf").write_text(
            f"pid run.pid; events {{}} http {{ server {{ listen 127.0.0.1:{port}; return 200 {number}; }} }}"
        )
    (folder / "current").symlink_to("version1")
    (folder / "nginx.conf").symlink_to("current/nginx.conf")
    start("--watch", "nginx.conf").ready()
    (folder / "next").symlink_to("version2")
    (folder / "next").rename(folder / "current")
    until(lambda: get(port).endswith(b"\r\n2"))


def test_supervisor_files_are_watched(folder: Path, start: Start) -> None:
    (port,) = free_ports(1)
    (folder / "supervisor").mkdir()
    programs = folder / "supervisor" / "app.conf"
    programs.write_text("[program:app]\ncommand=sleep 1000\nstartsecs=0\n")
    (folder / "app.toml").write_text(
        'pid = "run.pid"\ninclude = "supervisor/*.conf"\n'
        f'[[server]]\nlisten = "127.0.0.1:{port}"\nreturn = [200, "ok"]\n'
    )
    running = start("--watch", "app.toml").ready()
    programs.write_text("[program:app]\nnonsense\n")
    running.says("the new configuration is not used")
    assert "app.conf:2" in running.said
    assert get(port).endswith(b"ok")


def test_without_it_the_library_is_not_imported() -> None:
    code = (
        "import sys, pyproxy.cli, pyproxy.process.run; sys.exit('watchfiles' in sys.modules or 'anyio' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
