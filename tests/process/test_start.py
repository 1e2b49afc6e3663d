"""The start: where paths count from, what is refused, and that a refused start leaves nothing half-started."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from .running import Running, free_ports, get, refused

Start = Callable[..., Running]


def site(*listens: int | str, main: str = "", http: str = "") -> str:
    addresses = "".join(f"listen {at if isinstance(at, str) else f'127.0.0.1:{at}'};" for at in listens)
    return f"{main}\nevents {{}}\nhttp {{ {http} server {{ {addresses}\nlocation / {{ return 200 ok; }} }} }}\n"


def test_it_stays_in_the_foreground_and_says_what_listens_where(folder: Path, start: Start) -> None:
    (port,) = free_ports(1)
    (folder / "nginx.conf").write_text(site(port, f"unix:{folder}/s"))
    running = start("nginx.conf").ready()
    assert running.process.poll() is None
    lines = running.said.splitlines()
    assert lines[0].endswith(" runs nginx.conf")
    assert lines[1:] == [
        f"  listens on  http://127.0.0.1:{port}/",
        f"  listens on  unix:{folder}/s",
        "Ready. Ctrl-C stops everything.",
    ]


def test_quiet(folder: Path, start: Start) -> None:
    (port,) = free_ports(1)
    (folder / "nginx.conf").write_text(site(port, main="pid run.pid;"))
    running = start("-q", "nginx.conf")
    while not (folder / "run.pid").exists():
        assert running.process.poll() is None
    assert get(port).endswith(b"ok")
    assert running.stop() == 0
    assert running.said == ""


def test_as_the_suite_of_nginx_starts_it(folder: Path, start: Start) -> None:
    """Relative names count from the prefix, ``-e`` serves until the configuration says, ``-g`` adds to the file."""
    (port,) = free_ports(1)
    prefix = folder / "t"
    prefix.mkdir()
    (prefix / "nginx.conf").write_text(site(port, main="daemon off;", http="access_log access.log;"))
    directives = f"pid {prefix}/nginx.pid; error_log {prefix}/error.log debug;"
    running = start("-p", f"{prefix}/", "-c", "nginx.conf", "-e", "error.log", "-g", directives).ready()
    assert (prefix / "nginx.pid").read_text() == f"{running.process.pid}\n"
    assert get(port).endswith(b"ok")
    running.signal(signal.SIGQUIT)
    assert running.ended() == 0
    assert sorted(os.listdir(prefix)) == ["access.log", "error.log", "nginx.conf"]
    assert sorted(os.listdir(folder)) == ["err", "out", "t"]
    assert "GET / HTTP/1.1" in (prefix / "access.log").read_text()


def test_the_e_option_is_the_error_log_where_the_configuration_names_none(folder: Path, start: Start) -> None:
    (port,) = free_ports(1)
    (folder / "p").mkdir()
    (folder / "p" / "nginx.conf").write_text(site(port, main="pid run.pid;"))
    (folder / "p" / "run.pid").write_text(f"{os.getpid()}\n")
    running = start("-p", "p", "-c", "nginx.conf", "-e", "error.log").ready()
    assert running.stop() == 0
    assert f"run.pid names process {os.getpid()}, which runs" in (folder / "p" / "error.log").read_text()
    assert (folder / "p" / "run.pid").read_text() == f"{os.getpid()}\n"


def test_includes_count_from_the_folder_of_the_file(folder: Path, start: Start) -> None:
    (port,) = free_ports(1)
    (folder / "conf" / "sites").mkdir(parents=True)
    (folder / "conf" / "nginx.conf").write_text("events {} http { include sites/*.conf; }")
    (folder / "conf" / "sites" / "a.conf").write_text(
        f"server {{ listen 127.0.0.1:{port}; access_log a.log; location / {{ return 200 included; }} }}"
    )
    running = start().ready()  # conf/nginx.conf is the default
    assert get(port).endswith(b"included")
    assert running.stop() == 0
    assert (folder / "a.log").exists()
    assert not (folder / "logs" / "pyproxy.pid").exists()


def test_listen_replaces_the_addresses_of_every_server(folder: Path, start: Start) -> None:
    first, second, unused = free_ports(3)
    (folder / "nginx.conf").write_text(
        f"events {{}} http {{ server {{ listen {unused}; listen 80; server_name a; return 200 a; }}"
        "server { listen 443 default_server; server_name b; return 200 b; } }"
    )
    running = start(
        "nginx.conf", "--listen", f"127.0.0.1:{first}", "--listen", f"unix:{folder}/s", "--listen", str(second)
    )
    running.ready()
    assert f"http://localhost:{second}/" in running.said
    # `Host: test` is nobody's name: the default server answers, which is still the one that was it
    assert [get(address)[-1:] for address in (first, second, f"{folder}/s")] == [b"b"] * 3
    assert refused(unused)


def test_without_a_pid_file_it_runs_and_says_so(folder: Path, start: Start) -> None:
    (port,) = free_ports(1)
    (folder / "file").write_text("")
    (folder / "nginx.conf").write_text(site(port, main="pid file/run.pid;"))
    running = start("nginx.conf").ready()
    running.says("`-s` will not find this process, it has no pid file: ")
    assert get(port).endswith(b"ok")


def test_a_taken_port_is_named_and_nothing_is_left(folder: Path, start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        taken = stranger.getsockname()[1]
        (free,) = free_ports(1)
        program = "program app { command 'sleep 1000'; }"
        (folder / "nginx.conf").write_text(site(free, f"unix:{folder}/s", taken, main=program))
        running = start("nginx.conf", env={**os.environ, "TMPDIR": str(folder)})
        assert running.ended() == 1
    assert running.said == (
        f"pyproxy: cannot listen on 127.0.0.1:{taken}: Address already in use. Another program has port {taken} "
        f"(`ss -ltnp 'sport = :{taken}'` shows which); stop it, or choose another port: --listen 8080 in nginx.conf:3\n"
    )
    assert sorted(os.listdir(folder)) == ["err", "nginx.conf", "out"]
    assert refused(free)


def test_port_80_without_root_shows_the_ways_out(folder: Path, start: Start) -> None:
    limit = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")
    if not limit.exists() or int(limit.read_text()) <= 80:
        pytest.skip("on this machine everybody may have port 80")
    wrapper = ("setpriv", "--bounding-set", "-net_bind_service") if os.getuid() == 0 else ()
    (folder / "nginx.conf").write_text(site(80))
    running = start("nginx.conf", wrapper=wrapper)
    assert running.ended() == 1
    assert running.said.startswith("pyproxy: cannot listen on 127.0.0.1:80: Permission denied. ")
    for way_out in ("--listen 8080", "make run PORT=8080", "sudo;", "ip_unprivileged_port_start=80"):
        assert way_out in running.said
    assert running.said.endswith(" in nginx.conf:3\n")


def test_a_socket_file_of_a_process_that_was_killed_is_replaced(folder: Path, start: Start) -> None:
    unix = f"{folder}/s"
    (folder / "nginx.conf").write_text(site(f"unix:{unix}", main="pid run.pid;"))
    first = start("nginx.conf").ready()
    first.process.kill()
    first.ended()
    assert Path(unix).exists()
    assert (folder / "run.pid").exists()
    second = start("nginx.conf")
    second.says("Ready.", 2)
    assert get(unix).endswith(b"ok")
    assert (folder / "run.pid").read_text() == f"{second.process.pid}\n"
    # a third one does not take it from a process that lives
    third = start("nginx.conf")
    assert third.ended() == 1
    assert "Another program listens there" in third.said
    assert get(unix).endswith(b"ok")
    assert second.stop() == 0
    assert not Path(unix).exists()
    assert not (folder / "run.pid").exists()


def test_without_uvloop(folder: Path, start: Start) -> None:
    """As on systems that have none: the plain event loop takes every step, too."""
    first, second = free_ports(2)
    unix = f"{folder}/s"
    (folder / "uvloop.py").write_text("raise ImportError('there is none')")
    (folder / "nginx.conf").write_text(site(first, f"unix:{unix}", main="pid run.pid;"))
    running = start("nginx.conf").ready()
    assert [get(address)[-2:] for address in (first, unix)] == [b"ok"] * 2
    (folder / "nginx.conf").write_text(site(second, f"unix:{unix}", main="pid run.pid;"))
    running.signal(signal.SIGHUP)
    running.says("configuration loaded anew")
    assert [get(address)[-2:] for address in (second, unix)] == [b"ok"] * 2
    assert refused(first)
    running.signal(signal.SIGQUIT)
    assert running.ended() == 0
    assert not Path(unix).exists()
    assert not (folder / "run.pid").exists()
    assert "Traceback" not in running.said
