"""Under systemd: sockets that it hands over, and what it is told. There is no systemd here; its part is played."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .running import PATIENCE, Running, free_ports, get, lives, refused, until

Start = Callable[..., Running]
ACTIVATE = str(Path(__file__).with_name("activate.py"))


def write(folder: Path, *listens: str, main: str = "") -> None:
    addresses = "".join(f"listen {listen};" for listen in listens)
    (folder / "nginx.conf").write_text(
        f"pid run.pid; {main} events {{}} http {{ access_log off; server {{ {addresses} return 200 ok; }} }}"
    )


def activated(*addresses: str) -> tuple[str, ...]:
    return (sys.executable, ACTIVATE, *addresses, "--")


@pytest.mark.parametrize("main", ["", "worker_processes 2;", "master_process off;"])
def test_sockets_are_taken_over(folder: Path, start: Start, main: str) -> None:
    handed, own = free_ports(2)
    unix = f"{folder}/s"
    write(folder, f"127.0.0.1:{handed}", f"127.0.0.1:{own}", f"unix:{unix}", main=main)
    running = start("nginx.conf", wrapper=activated(f"{handed}=web", unix)).ready()
    for _ in range(10):
        assert [get(address)[-2:] for address in (handed, own, unix)] == [b"ok"] * 3
    running.signal(signal.SIGQUIT)
    assert running.ended() == 0
    # what systemd has made, systemd removes
    assert Path(unix).exists()
    assert refused(handed)


def test_what_they_were_for_is_told_to_nobody_else(folder: Path, start: Start) -> None:
    (port,) = free_ports(1)
    write(folder, f"127.0.0.1:{port}")
    running = start("nginx.conf", wrapper=activated(f"{port}")).ready()
    (worker,) = running.descendants()
    assert b"LISTEN_" not in Path(f"/proc/{worker}/environ").read_bytes()


def test_one_that_a_reload_gives_up_can_be_asked_for_again(folder: Path, start: Start) -> None:
    """systemd holds it all the time: pyproxy could not open it."""
    handed, own = free_ports(2)
    write(folder, f"127.0.0.1:{handed}")
    running = start("nginx.conf", wrapper=activated(f"{handed}")).ready()
    for number, port in enumerate((own, handed), 1):
        write(folder, f"127.0.0.1:{port}")
        running.signal(signal.SIGHUP)
        running.says("configuration loaded anew", number)
        assert get(port).endswith(b"ok")


@pytest.mark.parametrize("name", ["", "web"])
def test_one_that_nobody_wants_is_refused(folder: Path, start: Start, name: str) -> None:
    handed, other = free_ports(2)
    write(folder, f"127.0.0.1:{other}")
    running = start("nginx.conf", wrapper=activated(f"{handed}={name}"))
    assert running.ended() == 1
    shown = f" ({name})" if name else ""
    assert running.said == (
        f"pyproxy: systemd hands over a socket{shown} for 127.0.0.1:{handed}, where no `listen` wants it: "
        f"write `listen 127.0.0.1:{handed};`, or take its ListenStream= out of the .socket unit\n"
    )
    assert refused(other)


def test_one_that_does_not_listen_is_refused(folder: Path, start: Start) -> None:
    (port,) = free_ports(1)
    write(folder, f"127.0.0.1:{port}")
    running = start("nginx.conf", wrapper=activated("udp:"))
    assert running.ended() == 1
    assert "LISTEN_FDS names descriptor 3, which does not listen: pyproxy needs ListenStream=" in running.said


def test_those_of_another_process_are_not_meant(folder: Path, start: Start) -> None:
    (port,) = free_ports(1)
    write(folder, f"127.0.0.1:{port}")
    environment = {**os.environ, "LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "3"}
    start("nginx.conf", env=environment).ready()
    assert get(port).endswith(b"ok")


class Systemd:
    """Who listens at NOTIFY_SOCKET."""

    def __init__(self, address: str) -> None:
        self.told: list[tuple[int, str]] = []
        """Who has said what."""
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self._socket.bind(address.replace("@", "\0", 1))
        self._socket.settimeout(PATIENCE)
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while True:
            data, extra, *_ = self._socket.recvmsg(4096, 64)
            if data == b"END":
                return
            pid = int.from_bytes(extra[0][2][:4], sys.byteorder)
            self.told += [(pid, line) for line in data.decode().splitlines() if not line.startswith("MONOTONIC_USEC=")]

    def close(self) -> None:
        address = self._socket.getsockname()
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.sendto(b"END", address)
        self._thread.join()
        self._socket.close()


@pytest.fixture(params=["path", "abstract"])
def systemd(request: pytest.FixtureRequest, folder: Path) -> Iterator[tuple[Systemd, str]]:
    address = f"{folder}/notify" if request.param == "path" else f"@pyproxy-test-{os.getpid()}"
    systemd = Systemd(address)
    yield systemd, address
    systemd.close()


def test_it_is_told_of_the_start_reloads_and_the_end(folder: Path, start: Start, systemd: tuple[Systemd, str]) -> None:
    (port,) = free_ports(1)
    write(folder, f"127.0.0.1:{port}", main="program app { command 'sh -c \"env; sleep 1000\"'; startsecs 0; }")
    told = systemd[0].told
    running = start("nginx.conf", env={**os.environ, "NOTIFY_SOCKET": systemd[1]}).ready()
    until(lambda: len(told) == 1)
    running.signal(signal.SIGHUP)
    until(lambda: len(told) == 3)
    assert running.stop() == 0
    until(lambda: len(told) == 4)
    assert [line for _, line in told] == ["READY=1", "RELOADING=1", "READY=1", "STOPPING=1"]
    assert {pid for pid, _ in told} == {running.process.pid}
    # programs say nothing in its name
    assert "NOTIFY_SOCKET" not in (folder / "logs" / "app.log").read_text()


def test_it_is_told_which_process_takes_the_place(folder: Path, start: Start, systemd: tuple[Systemd, str]) -> None:
    (port,) = free_ports(1)
    write(folder, f"127.0.0.1:{port}")
    told = systemd[0].told
    running = start("nginx.conf", env={**os.environ, "NOTIFY_SOCKET": systemd[1]}).ready()
    running.signal(signal.SIGUSR2)
    running.says("Ready.", 2)
    old, new = running.process.pid, int((folder / "run.pid").read_text())
    running.signal(signal.SIGQUIT)
    assert running.ended() == 0
    os.kill(new, signal.SIGQUIT)
    until(lambda: not lives(new))
    until(lambda: len(told) == 4)
    assert told == [(old, "READY=1"), (new, "READY=1"), (old, f"MAINPID={new}"), (new, "STOPPING=1")]
