"""The programs of a configuration: started before the site is served, ended with it, reported if they fail."""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
import socket
import sys
from pathlib import Path

import pytest

from pyproxy.config.tree import Source
from pyproxy.core.logs.log import WARN
from pyproxy.process.banner import Banner
from pyproxy.process.programs import Programs
from pyproxy.programs.plan import Plan
from pyproxy.programs.program import Program

from .program_site import Site
from .running import get, lives, refused, until


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGQUIT])
def test_a_program_runs_before_the_site_is_served_and_ends_with_it(site: Site, number: int) -> None:
    site.write(site.command, "startsecs=0\n")
    running = site.start().ready()
    lines = running.said.splitlines()
    assert lines.index("Ready. Ctrl-C stops everything.") > lines.index(
        f"  starts      app, its messages are in {site.folder}/logs/app.log and {site.folder}/logs/app-stderr.log"
    )
    until(lambda: get(site.port).endswith(b"from the program"))
    family = running.descendants()
    assert len(family) == 3  # supervisord, the program, a worker
    # Ctrl-C in a terminal reaches the whole group of processes
    os.killpg(running.process.pid, number)
    assert running.ended() == 0
    assert not any(map(lives, family))
    assert site.left() == ["run"]
    assert os.listdir(site.folder / "run") == []
    assert refused(site.port)
    assert refused(site.app)


def test_a_program_that_fails_is_reported_and_the_site_is_served(site: Site) -> None:
    code = shlex.quote(f"{sys.executable} -c 'import sys; sys.exit(\"no luck\")'")
    site.write(f"sh -c {code}", "startretries=0\n")
    running = site.start().ready()
    running.says("[error]", 2)
    assert "program `app` is FATAL: Exited too quickly" in running.said
    assert "no luck" in running.said
    assert "Ready, but `app` does not run. Ctrl-C stops everything." in running.said
    assert get(site.port, "/site").endswith(b"site")
    assert get(site.port).startswith(b"HTTP/1.1 502 ")
    family = running.descendants()
    assert running.stop() == 0
    assert not any(map(lives, family))


def test_the_death_of_a_program_is_told_and_its_return(site: Site) -> None:
    site.write(site.command, "startsecs=0\nredirect_stderr=true\n")
    running = site.start().ready()
    until(lambda: get(site.port).endswith(b"from the program"))
    old = int(get(site.port, "/pid").rpartition(b"\n")[2])
    os.kill(old, signal.SIGKILL)
    running.says("program `app` runs as process ")
    until(lambda: get(site.port).endswith(b"from the program"))
    assert int(get(site.port, "/pid").rpartition(b"\n")[2]) != old


def test_two_programs_run(site: Site) -> None:
    site.write(site.command, "startsecs=0\n[program:other]\ncommand=sleep 1000\nstartsecs=0\n")
    running = site.start().ready()
    assert "  starts      app," in running.said
    assert "  starts      other," in running.said


def test_two_programs_of_one_name_are_refused(site: Site) -> None:
    site.write(site.command, "startsecs=0\n")
    (site.folder / "more.conf").write_text("[program:app]\ncommand=sleep 1000\n")
    text = (site.folder / "nginx.conf").read_text()
    (site.folder / "nginx.conf").write_text(text.replace("events {}", "events {} include more.conf;"))
    running = site.start()
    assert running.ended() == 1
    assert "program `app` is already defined in more.conf:1" in running.said


def test_the_end_may_come_while_programs_start(site: Site) -> None:
    site.write("sleep 1000", "startsecs=1000\n")
    running = site.start()
    running.says("starts      app")
    family = running.descendants()
    assert len(family) == 2
    # connections wait meanwhile
    with socket.create_connection(("127.0.0.1", site.port)):
        assert running.stop() == 0
    assert not any(map(lives, family))
    assert "Ready" not in running.said
    assert "Traceback" not in running.said
    assert site.left() == ["run"]


def test_a_program_that_does_not_hear_is_killed_at_the_second_time(site: Site) -> None:
    site.write(f"sh -c {shlex.quote('trap : TERM; touch deaf; while :; do sleep 0.1; done')}", "stopwaitsecs=1000\n")
    running = site.start().ready()
    until((site.folder / "deaf").exists)
    family = running.descendants()
    running.signal(signal.SIGINT)
    until(lambda: refused(site.port))
    running.signal(signal.SIGINT)
    assert running.ended() == 0
    until(lambda: not any(map(lives, family)))
    assert os.listdir(site.folder / "run") == []


@pytest.mark.parametrize(
    ("command", "options", "message"),
    [
        ("no-such-command", "", "command `no-such-command` not found"),
        ("sleep 1", "startsec=3\n", "unknown option `startsec`, did you mean `startsecs`? in programs.conf:3"),
        ("sleep 1", "directory=nowhere\n", "nowhere does not exist in programs.conf:3"),
        ("sleep 1", "user=nosuch\n", "`user` cannot be `nosuch`: Invalid user name nosuch in programs.conf:3"),
        ("sleep 1", "depends_on=ap\n", "`ap`, which is no program, did you mean `app`? in programs.conf:3"),
        ("sleep 1", "depends_on=app\n", "goes round in a circle: `app` -> `app` in programs.conf:3"),
        ("sleep 1", "ready=8000\n", "`ready` cannot be `8000`: write http://HOST:PORT/PATH, "),
    ],
)
def test_a_program_that_cannot_run_is_refused_and_nothing_starts(
    site: Site, command: str, options: str, message: str
) -> None:
    site.write(command, options)
    running = site.start()
    assert running.ended() == 1
    assert message in running.said
    assert running.said.startswith("pyproxy: program `app`: ")
    assert site.left() == ["run"]
    assert os.listdir(site.folder / "run") == []
    assert not (site.folder / "logs").exists()


def test_a_group_without_its_program_is_refused(site: Site) -> None:
    site.write("sleep 1")
    (site.folder / "programs.conf").write_text("[group:all]\nprograms=app\n")
    running = site.start()
    assert running.ended() == 1
    assert running.said == "pyproxy: group `all`: there is no program `app` in programs.conf:1\n"


def test_supervisord_that_cannot_start_is_reported_and_the_site_is_served(site: Site) -> None:
    site.write(site.command)
    long = site.folder / "run" / ("x" * 100)
    long.mkdir()
    running = site.start(temporary=str(long)).ready()
    running.says("the programs do not run: the path of a socket cannot be this long: ")
    assert get(site.port, "/site").endswith(b"site")
    assert running.stop() == 0
    assert os.listdir(long) == []


def test_a_crash_leaves_no_program(site: Site) -> None:
    site.write(site.command, "startsecs=0\n")
    running = site.start().ready()
    family = running.descendants()
    running.process.kill()
    running.ended()
    until(lambda: not any(map(lives, family)))
    until(lambda: os.listdir(site.folder / "run") == [])


def test_programs_that_depend_on_each_other_in_an_nginx_conf(site: Site) -> None:
    site.write(site.command)
    ready = f"ready http://127.0.0.1:{site.app}/;"
    (site.folder / "programs.conf").write_text(
        f"#pyproxy program app {{ command '{site.command}'; depends_on one two; {ready} }}\n"
        "#pyproxy program one { command 'sleep 1000'; }\n"
        "#pyproxy program two { command 'sleep 1000'; autostart false; }\n"
    )
    site.start().ready()
    assert [line.split()[:2] for line in site.do("status")[1].splitlines()] == [
        ["app", "RUNNING"],
        ["one", "RUNNING"],
        ["two", "RUNNING"],
    ]


async def test_one_that_takes_long_is_no_failure(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pyproxy.process.programs.START", 0.2)
    told: list[tuple[int, str]] = []
    program = Program("app", {"command": "sleep 1000", "ready": "unix:/no/such"}, Source("app.toml", 1))

    def make() -> tuple[Programs, Plan]:
        programs = Programs(str(folder / "run.pid"), lambda *line: told.append(line), detached=False)
        return programs, Plan([program], prefix=folder)

    programs, plan = await asyncio.to_thread(make)
    try:
        await programs.start(plan, Banner(quiet=True))
        assert told == [(WARN, "program `app` does not run yet: waiting for unix:/no/such")]
        assert programs.missing == ["app"]
    finally:
        await programs.stop()


def test_a_second_copy_is_told_who_has_the_port(site: Site, upstream: socket.socket) -> None:
    site.app = upstream.getsockname()[1]
    site.write(site.command, f"ready=tcp://127.0.0.1:{site.app}\nstartretries=0\n")
    running = site.start().ready()
    assert (
        f"program `app` is FATAL: tcp://127.0.0.1:{site.app} is taken already, by process {os.getpid()} ("
        in running.said
    )


def test_without_ready_its_last_lines_tell_of_the_port(site: Site, upstream: socket.socket) -> None:
    site.app = upstream.getsockname()[1]
    site.write(site.command, "startretries=0\n")
    running = site.start().ready()
    running.says("Address already in use")
    assert "program `app` is FATAL: Exited too quickly" in running.said
