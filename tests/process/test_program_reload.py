"""A reload changes the programs, too; and supervisord that is killed comes back."""

from __future__ import annotations

import os
import signal
import time

import pytest

from pyproxy.process.programs import START

from .program_site import Site
from .running import Running, free_ports, get, lives, refused, until

OTHER = "[program:other]\ncommand=sleep 1000\nstartsecs=0\n"


def pid_of(site: Site, name: str) -> int:
    status, said = site.do("pid", name)
    return int(said) if not status else 0


def reload(running: Running) -> None:
    times = running.said.count("configuration loaded anew")
    running.signal(signal.SIGHUP)
    running.says("configuration loaded anew", times + 1)


def start(site: Site, options: str = "", other: str = OTHER) -> Running:
    site.write(site.command, f"startsecs=0\n{options}")
    site.more(other)
    running = site.start().ready()
    until(site.pid)
    return running


def test_a_changed_program_restarts_and_the_others_stay(site: Site) -> None:
    running = start(site)
    app, other = site.pid(), pid_of(site, "other")
    site.write(site.command, "startsecs=0\nstopwaitsecs=5\n")
    site.more(OTHER)
    reload(running)
    assert "program `app` has been started anew, its configuration has changed" in running.said
    until(lambda: site.pid() not in (0, app))
    assert pid_of(site, "other") == other


def test_new_ones_start_and_removed_ones_stop(site: Site) -> None:
    running = start(site)
    app, other = site.pid(), pid_of(site, "other")
    site.write(site.command, "startsecs=0\n")
    site.more("[program:new]\ncommand=sleep 1000\nstartsecs=0\n")
    reload(running)
    assert "program `new` is new, and has been started" in running.said
    assert "program `other` has been stopped, the configuration has it no longer" in running.said
    assert site.pid() == app
    assert not lives(other)
    assert site.do("status", "new")[0] == 0


def test_a_new_program_is_ready_before_the_site_leads_to_it(site: Site) -> None:
    running = start(site, other="")
    (port,) = free_ports(1)
    slow = site.command.replace("server.py", "slow.py").replace(str(site.app), str(port))
    (site.folder / "slow.py").write_text("import time; time.sleep(1)\n" + (site.folder / "server.py").read_text())
    site.more(f"[program:slow]\ncommand={slow}\nready=http://127.0.0.1:{port}/\n")
    text = (site.folder / "nginx.conf").read_text()
    (site.folder / "nginx.conf").write_text(text.replace(str(site.app), str(port)))
    old = site.pid()
    running.signal(signal.SIGHUP)
    until(lambda: (pid := site.pid()) != old and (pid or pytest.fail("a request was lost")))
    running.says("configuration loaded anew")


def test_one_that_was_stopped_by_hand_stays_so(site: Site) -> None:
    running = start(site)
    site.do("stop", "other")
    began = time.monotonic()
    reload(running)
    assert time.monotonic() - began < START
    assert site.do("status", "other")[0] == 3


def test_all_go_and_come_back(site: Site) -> None:
    running = start(site)
    family = [site.pid(), site.supervisord()]
    site.write(site.command)
    (site.folder / "programs.conf").write_text("# none\n")
    reload(running)
    assert not any(map(lives, family))
    site.write(site.command, "startsecs=0\n")
    reload(running)
    until(site.pid)
    assert running.stop() == 0
    assert refused(site.app)
    assert site.left() == ["run"]


def test_programs_may_come_with_a_reload(site: Site) -> None:
    site.write(site.command)
    (site.folder / "programs.conf").write_text("# none\n")
    running = site.start().ready()
    site.write(site.command, "startsecs=0\n")
    reload(running)
    until(site.pid)
    assert running.stop() == 0
    assert refused(site.app)


def test_a_broken_change_changes_nothing(site: Site) -> None:
    running = start(site)
    app, other = site.pid(), pid_of(site, "other")
    site.write(site.command, "startsecs=5\n")
    site.more("[program:new]\ncommand=no-such-command\n")
    running.signal(signal.SIGHUP)
    running.says("the new configuration is not used: program `new`: command `no-such-command` not found")
    assert "in programs.conf:5" in running.said
    assert (site.pid(), pid_of(site, "other")) == (app, other)


def test_a_site_that_cannot_be_served_takes_its_new_programs_back(site: Site) -> None:
    running = start(site, other="")
    app = site.pid()
    site.more(OTHER)
    text = (site.folder / "nginx.conf").read_text()
    # what only a worker finds: the file that it is to write is a folder
    (site.folder / "nginx.conf").write_text(text.replace("http {", "http { access_log run;"))
    running.signal(signal.SIGHUP)
    running.says("the new configuration is not used")
    assert site.pid() == app
    assert site.do("status", "other")[0] == 4


def test_supervisord_killed_comes_back_and_nothing_runs_twice(site: Site) -> None:
    running = start(site)
    family = [site.pid(), pid_of(site, "other")]
    supervisord = site.supervisord()
    os.kill(supervisord, signal.SIGKILL)
    running.says("the programs have been started again")
    assert f"supervisord, process {supervisord}, exited on signal 9; its programs are ended" in running.said
    until(site.pid)
    # whoever inherits what supervisord left behind may take a moment to bury it
    until(lambda: not any(map(lives, family)))
    assert site.supervisord() != supervisord
    # the second time soon after the first: it waits a little
    os.kill(site.supervisord(), signal.SIGKILL)
    running.says("the programs have been started again", 2)
    until(lambda: get(site.port).endswith(b"from the program"))
    assert running.stop() == 0
    assert refused(site.app)
    assert os.listdir(site.folder / "run") == []


def test_a_new_start_waits_for_the_end_of_what_a_killed_one_has_left(site: Site) -> None:
    server = (site.folder / "server.py").read_text()
    slow = "import signal, time; signal.signal(signal.SIGTERM, lambda *_: (time.sleep(2), sys.exit()))\n"
    (site.folder / "server.py").write_text(server.replace("class Handler", slow + "class Handler"))
    site.write(site.command, f"ready=tcp://127.0.0.1:{site.app}\nstartretries=0\n")
    running = site.start().ready()
    program = site.pid()
    running.process.kill()
    running.ended()
    site.start().ready()
    until(lambda: site.pid() not in (0, program))
    assert "[error]" not in site.running.said


def test_the_end_may_come_while_supervisord_comes_back(site: Site) -> None:
    running = start(site)
    os.kill(site.supervisord(), signal.SIGKILL)
    running.says("its programs are ended and started again")
    assert running.stop() == 0
    assert refused(site.app)
    assert site.left() == ["run"]
    assert "Traceback" not in running.said
