"""``pyproxy status``, ``start``, ``stop`` ...: supervisorctl's own words and exit statuses."""

from __future__ import annotations

import signal
import subprocess
import sys

from .program_site import Site
from .running import lives, until

TWO = "startsecs=0\n[program:other]\ncommand=sleep 1000\nstartsecs=0\nautostart=false\n"


def test_status(site: Site) -> None:
    site.write(site.command, TWO)
    site.start().ready()
    status, said = site.do("status")
    app, other = said.splitlines()
    assert app.startswith(f"app                              RUNNING   pid {site.pid()}, uptime 0:00:")
    assert other == "other                            STOPPED   Not started"
    assert status == 3
    assert site.do("status", "app")[0] == 0
    assert site.do("status", "nobody:one") == (4, "nobody:one: ERROR (no such process)\n")
    # as supervisorctl says it itself
    socket = site.folder / "run.pid.programs" / "supervisor.sock"
    ctl = subprocess.run(
        [sys.executable, "-m", "supervisor.supervisorctl", "-s", f"unix://{socket}", "status", "other"],
        capture_output=True,
        text=True,
    )
    assert site.do("status", "other") == (ctl.returncode, ctl.stdout)


def test_start_stop_and_restart(site: Site) -> None:
    site.write(site.command, TWO)
    running = site.start().ready()
    until(site.pid)
    first = site.pid()
    assert site.do("start", "other") == (0, "other: started\n")
    assert site.do("start", "app") == (0, "app: ERROR (already started)\n")
    assert site.do("start", "nobody") == (1, "nobody: ERROR (no such process)\n")
    assert site.do("restart", "app") == (0, "app: stopped\napp: started\n")
    until(lambda: site.pid() not in (0, first))
    assert site.do("stop", "other:*") == (0, "other: stopped\n")
    running.says("program `other` has been stopped")
    status, said = site.do("stop", "all")
    assert (status, said) == (0, "app: stopped\n")
    assert site.do("start", "all")[1].splitlines() == ["app: started", "other: started"]
    assert site.do("pid", "app") == (0, f"{site.pid()}\n")
    running.says(f"program `app` runs as process {site.pid()}")
    told = running.said.count("[error]")
    assert site.do("signal", "KILL", "app") == (0, "app: signalled\n")
    running.says("[error]", told + 1)


def test_tail(site: Site) -> None:
    site.write("sh -c 'echo one; read x; echo two; sleep 1000'", "startsecs=0\n")
    site.start().ready()
    until(lambda: (site.folder / "logs" / "app.log").read_text() == "one\n")
    assert site.do("tail", "app") == (0, "one\n\n")
    assert site.do("tail", "nobody") == (1, "nobody: ERROR (no such process name)\n")
    with subprocess.Popen(
        [sys.executable, "-m", "pyproxy", "-c", "nginx.conf", "tail", "-f", "app"],
        cwd=site.folder,
        stdout=subprocess.PIPE,
    ) as tail:
        assert tail.stdout is not None
        try:
            assert tail.stdout.readline() == b"==> Press Ctrl-C to exit <==\n"
            assert tail.stdout.readline() == b"one\n"
            with (site.folder / "logs" / "app.log").open("a") as log:
                log.write("more\n")
            assert tail.stdout.readline() == b"more\n"
        finally:
            tail.send_signal(signal.SIGINT)
        assert tail.wait() == 0
    assert site.do("clear", "app") == (0, "app: cleared\n")


def test_a_file_of_that_name_is_no_configuration(site: Site) -> None:
    site.write(site.command, "startsecs=0\n")
    (site.folder / "status").write_text("nonsense {")
    site.start().ready()
    assert site.do("status")[1].startswith("app ")


def test_nothing_runs(site: Site) -> None:
    site.write(site.command)
    no = f"pyproxy: no pyproxy runs this configuration: {site.folder}/run.pid names no process that runs\n"
    assert site.do("status") == (4, no)
    assert site.do("start", "app") == (1, no)


def test_pyproxy_without_programs(site: Site) -> None:
    site.write(site.command)
    (site.folder / "programs.conf").write_text("# none\n")
    running = site.start().ready()
    no = f"pyproxy: the pyproxy of this configuration, process {running.process.pid}, runs no programs\n"
    assert site.do("status") == (4, no)


def test_shutdown_is_for_programs_without_pyproxy(site: Site) -> None:
    site.write(site.command, "startsecs=0\n")
    running = site.start().ready()
    status, said = site.do("shutdown")
    assert (status, said) == (
        1,
        f"pyproxy: pyproxy runs, process {running.process.pid}: end it first, with `-s quit` or `-s stop`\n",
    )
    assert lives(site.supervisord())
