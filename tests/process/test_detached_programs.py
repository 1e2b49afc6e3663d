"""``--detach-programs``: the programs outlive pyproxy, and the next one takes them over."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from .program_site import Site
from .running import lives, refused, until

DETACH = "--detach-programs"


@pytest.fixture
def detached(site: Site) -> Iterator[Site]:
    site.write(site.command, "startsecs=0\n")
    site.start(DETACH).ready()
    until(site.pid)
    yield site
    if (site.folder / "run.pid.programs").exists():
        if site.running.process.poll() is None:
            site.running.process.kill()
            site.running.process.wait()
        assert site.do("shutdown") == (0, "Shut down\n")
    until(lambda: refused(site.app))
    until(lambda: not {*site.left()} - {"run", "run.pid"} and not os.listdir(site.folder / "run"))


def test_programs_outlive_a_stop_and_are_adopted(detached: Site) -> None:
    program, supervisord = detached.pid(), detached.supervisord()
    detached.running.says("  starts      app")
    assert detached.running.stop() == 0
    assert "the programs stay" in detached.running.said
    assert lives(program)
    assert detached.do("status")[1].startswith(f"app                              RUNNING   pid {program}")
    running = detached.start(DETACH).ready()
    running.says("  goes on     app")
    assert detached.pid() == program
    assert running.stop() == 0
    assert lives(program)
    assert lives(supervisord)


def test_programs_outlive_a_crash(detached: Site) -> None:
    program = detached.pid()
    detached.running.process.kill()
    detached.running.ended()
    assert detached.do("status", "app")[0] == 0
    detached.start(DETACH).ready()
    until(detached.pid)
    assert detached.pid() == program


def test_whoever_adopts_them_without_the_option_ends_them(detached: Site) -> None:
    program = detached.pid()
    detached.running.stop()
    running = detached.start().ready()
    assert detached.pid() == program
    assert running.stop() == 0
    assert not lives(program)


def test_nor_does_the_crash_of_such_a_one_leave_an_orphan(detached: Site) -> None:
    program = detached.pid()
    detached.running.stop()
    running = detached.start().ready()
    running.process.kill()
    running.ended()
    until(lambda: not lives(program))


def test_what_has_changed_meanwhile_starts_anew(detached: Site) -> None:
    program = detached.pid()
    detached.running.stop()
    detached.write(detached.command, "startsecs=0\nstopwaitsecs=7\n[program:new]\ncommand=sleep 1000\nstartsecs=0\n")
    detached.start(DETACH).ready()
    until(lambda: detached.pid() not in (0, program))
    assert [line.split()[0] for line in detached.do("status")[1].splitlines()] == ["app", "new"]


def test_what_a_killed_supervisord_has_left_does_not_run_twice(detached: Site) -> None:
    program = detached.pid()
    detached.running.stop()
    os.kill(detached.supervisord(), signal.SIGKILL)
    assert lives(program)
    detached.start(DETACH).ready()
    until(lambda: detached.pid() not in (0, program))
    until(lambda: not lives(program))


def test_two_of_one_configuration_share_the_programs(detached: Site) -> None:
    first, program = detached.running, detached.pid()
    other = detached.start("--listen", f"unix:{detached.folder}/other.sock").ready()
    other.says("goes on     app")
    assert other.stop() == 0
    assert "the programs stay, another pyproxy uses them" in other.said
    assert lives(program)
    assert first.stop() == 0
