"""USR2: the new program takes the programs over."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from .program_site import Site
from .running import lives, refused, until


@pytest.fixture
def upgraded(site: Site) -> Iterator[tuple[Site, int]]:
    """A site with an old and a new pyproxy, and the new one's process id."""
    site.write(site.command, "startsecs=0\n")
    running = site.start().ready()
    until(site.pid)
    running.signal(signal.SIGUSR2)
    running.says("Ready.", 2)
    new = int((site.folder / "run.pid").read_text())
    assert new != running.process.pid
    yield site, new
    if lives(new):
        os.kill(new, signal.SIGKILL)
    until(lambda: refused(site.app))


def test_the_new_one_goes_on_with_them(upgraded: tuple[Site, int]) -> None:
    site, new = upgraded
    assert "  goes on     app" in site.running.said
    program = site.pid()
    site.running.signal(signal.SIGQUIT)
    assert site.running.ended() == 0
    assert site.pid() == program
    assert site.do("status", "app")[0] == 0
    os.kill(new, signal.SIGTERM)
    until(lambda: not lives(new))
    assert refused(site.app)


def test_the_crash_of_the_new_one_leaves_no_orphan(upgraded: tuple[Site, int]) -> None:
    site, new = upgraded
    program = site.pid()
    site.running.signal(signal.SIGQUIT)
    site.running.ended()
    os.kill(new, signal.SIGKILL)
    until(lambda: not lives(program))


def test_when_the_new_one_dies_the_old_one_goes_on_with_them(upgraded: tuple[Site, int]) -> None:
    site, new = upgraded
    program = site.pid()
    os.kill(new, signal.SIGKILL)
    site.running.says("this one goes on")
    until(lambda: site.pid() == program)
    assert site.running.stop() == 0
    assert refused(site.app)
