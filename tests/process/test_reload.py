"""HUP: the configuration is read again; nobody who is being served notices."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pyproxy.process.worker_process import STOPPING

from .running import Running, free_ports, get, lives, read_all, refused, until, visited

Start = Callable[..., Running]
Connect = Callable[[int | str], socket.socket]

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Site:
    """A pyproxy whose configuration changes."""

    def __init__(self, folder: Path, start: Start) -> None:
        self.folder = folder
        self.file = folder / "nginx.conf"
        self._start = start
        self._loaded = 0
        self.running: Running

    def write(self, text: str, *listens: int | str, main: str = "") -> None:
        addresses = "".join(f"listen {f'127.0.0.1:{at}' if isinstance(at, int) else f'unix:{at}'};" for at in listens)
        self.file.write_text(
            f"pid run.pid; {main}\nevents {{}}\nhttp {{ server {{\n{addresses}\nlocation / {{ {text} }}\n}} }}\n"
        )

    def start(self) -> None:
        self.running = self._start("-c", "nginx.conf").ready()

    def hup(self) -> None:
        """Let it read its configuration, and wait until it has."""
        self._loaded += 1
        self.running.signal(signal.SIGHUP)
        self.running.says("configuration loaded anew", self._loaded)

    def send(self, name: str) -> subprocess.CompletedProcess[str]:
        """``-s NAME``."""
        command = [sys.executable, "-m", "pyproxy", "-c", "nginx.conf", "-s", name]
        return subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)


@pytest.fixture
def site(folder: Path, start: Start) -> Site:
    return Site(folder, start)


def test_a_new_configuration_is_served_and_no_request_is_lost(site: Site) -> None:
    (port,) = free_ports(1)
    site.write("return 200 0;", port)
    site.start()
    answers: list[bytes] = []

    def visit() -> None:
        answer = get(port)
        answers.append(answer.rpartition(b"\r\n\r\n")[2])
        assert answer.startswith(b"HTTP/1.1 200")

    with visited(*[visit] * 4) as failures:
        for number in range(1, 6):
            site.write(f"return 200 {number};", port)
            site.hup()
            assert get(port).endswith(str(number).encode())
    assert failures == []
    assert {b"0", b"5"} <= set(answers)
    assert len(answers) > 50


def test_keep_alive_connections_are_closed_in_order(site: Site, connect: Connect) -> None:
    (port,) = free_ports(1)
    site.write("return 200 old;", port)
    site.start()
    client = connect(port)
    client.sendall(b"GET / HTTP/1.1\r\nHost: test\r\n\r\n")
    until(lambda: client.recv(65536).endswith(b"old"))
    site.hup()
    assert client.recv(1) == b""


def test_a_request_that_meets_the_reload_on_a_kept_connection_is_answered(site: Site, connect: Connect) -> None:
    (port,) = free_ports(1)
    site.write("return 200 old;", port)
    site.start()
    client = connect(port)
    client.sendall(b"GET / HTTP/1.1\r\nHost: test\r\n\r\n")
    until(lambda: client.recv(65536).endswith(b"old"))
    site.write("return 200 new;", port)
    site.hup()
    client.sendall(b"GET / HTTP/1.1\r\nHost: test\r\n\r\n")
    answer = read_all(client)
    assert b"Connection: close" in answer
    assert answer.endswith(b"old")


def test_requests_that_have_begun_end_with_the_old_configuration(
    site: Site, connect: Connect, upstream: socket.socket
) -> None:
    (port,) = free_ports(1)
    site.write(f"proxy_pass http://127.0.0.1:{upstream.getsockname()[1]}; add_header X-Site old;", port)
    site.start()
    client = connect(port)
    client.sendall(b"GET / HTTP/1.1\r\nHost: test\r\n\r\n")
    with upstream.accept()[0] as server:
        site.write("return 200 new;", port)
        site.hup()
        assert get(port).endswith(b"new")
        # QUIT waits for older configurations, too
        site.running.signal(signal.SIGQUIT)
        until(lambda: refused(port))
        server.sendall(ANSWER)
        answer = read_all(client)
    assert b"X-Site: old" in answer
    assert answer.endswith(b"ok")
    assert site.running.ended() == 0


def test_term_cuts_requests_of_older_configurations(site: Site, connect: Connect, upstream: socket.socket) -> None:
    (port,) = free_ports(1)
    site.write(f"proxy_pass http://127.0.0.1:{upstream.getsockname()[1]};", port)
    site.start()
    client = connect(port)
    client.sendall(b"GET / HTTP/1.1\r\nHost: test\r\n\r\n")
    with upstream.accept()[0]:
        site.write("return 200 new;", port)
        site.hup()
        assert site.running.stop() == 0
    assert client.recv(1) == b""


def test_addresses_come_and_go(site: Site) -> None:
    first, second = free_ports(2)
    unix = str(site.folder / "site.sock")
    site.write("return 200 one;", first)
    site.start()
    site.write("return 200 two;", first, second, unix)
    site.hup()
    assert [get(address)[-3:] for address in (first, second, unix)] == [b"two"] * 3
    site.write("return 200 three;", second)
    site.hup()
    assert get(second).endswith(b"three")
    until(lambda: refused(first))
    assert not Path(unix).exists()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            "proxy_pas http://127.0.0.1:1;",
            "unknown directive `proxy_pas`, did you mean `proxy_pass`? in nginx.conf:5",
        ),
        ("return 200", "nginx.conf:5"),
    ],
)
def test_a_broken_configuration_is_refused_with_the_reason(site: Site, text: str, reason: str) -> None:
    (port,) = free_ports(1)
    site.write("return 200 old;", port, main="error_log error.log crit;")
    site.start()
    site.write(text, port)
    site.running.signal(signal.SIGHUP)
    log = site.folder / "error.log"
    until(lambda: "the new configuration is not used" in log.read_text())
    assert reason in log.read_text()
    assert "[emerg]" in log.read_text()
    assert get(port).endswith(b"old")
    # who asks with -s reads it where he asks
    sent = site.send("reload")
    assert sent.returncode == 1
    assert reason in sent.stderr
    assert site.running.process.poll() is None
    assert site.running.stop() == 0


def test_a_taken_port_is_refused_and_binds_nothing(site: Site) -> None:
    port, other = free_ports(2)
    site.write("return 200 old;", port)
    site.start()
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        taken = stranger.getsockname()[1]
        site.write("return 200 new;", port, other, taken)
        site.running.signal(signal.SIGHUP)
        site.running.says(f"the new configuration is not used: cannot listen on 127.0.0.1:{taken}")
    assert refused(other)
    assert get(port).endswith(b"old")


def test_many_signals_at_once(site: Site) -> None:
    first, second = free_ports(2)
    site.write("return 200 old;", first)
    site.start()
    site.write("return 200 new;", second)
    for _ in range(20):
        site.running.signal(signal.SIGHUP)
    site.running.says("configuration loaded anew")
    assert get(second).endswith(b"new")
    until(lambda: refused(first))
    assert site.running.stop() == 0
    assert "Traceback" not in site.running.said


def test_the_pid_file_moves(site: Site) -> None:
    (port,) = free_ports(1)
    site.write("return 200 old;", port)
    site.start()
    site.file.write_text(site.file.read_text().replace("run.pid", "new/run.pid"))
    site.hup()
    assert not (site.folder / "run.pid").exists()
    assert (site.folder / "new/run.pid").read_text() == f"{site.running.process.pid}\n"
    assert site.running.stop() == 0
    assert os.listdir(site.folder / "new") == []


def test_the_s_option_finds_the_process(site: Site) -> None:
    (port,) = free_ports(1)
    site.write("return 200 old;", port, main="error_log error.log;")
    site.start()
    site.write("return 200 new;", port, main="error_log error.log;")
    assert site.send("reload").returncode == 0
    site.running.says("configuration loaded anew")
    assert get(port).endswith(b"new")
    (site.folder / "error.log").rename(site.folder / "error.log.1")
    assert site.send("reopen").returncode == 0
    until((site.folder / "error.log").exists)
    assert site.send("quit").returncode == 0
    assert site.running.ended() == 0
    sent = site.send("stop")
    assert sent.returncode == 1
    assert sent.stderr == (
        f"pyproxy: no pyproxy runs this configuration: {site.folder}/run.pid names no process that runs\n"
    )


def test_s_reload_says_what_only_the_process_that_runs_can_tell(site: Site) -> None:
    port, other = free_ports(2)
    site.write("return 200 old;", port)
    site.start()
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        taken = stranger.getsockname()[1]
        site.write("return 200 new;", port, taken)
        sent = site.send("reload")
        assert sent.returncode == 1
        assert sent.stderr.startswith(
            f"pyproxy: process {site.running.process.pid} goes on with the old configuration: "
            f"cannot listen on 127.0.0.1:{taken}: Address already in use."
        )
    assert get(port).endswith(b"old")
    # it is over when it is done, and there is no fault left over from before
    for number in range(3):
        site.write(f"return 200 {number};", port, other)
        sent = site.send("reload")
        assert (sent.returncode, sent.stderr) == (0, "")
        assert get(other).endswith(b"%d" % number)
    assert site.running.stop() == 0
    assert sorted(os.listdir(site.folder)) == ["err", "nginx.conf", "out"]


@pytest.mark.skipif(os.getuid() != 0, reason="needs a master with less rights than who sends")
def test_s_reload_says_what_the_process_may_not_read(site: Site, start: Start) -> None:
    (port,) = free_ports(1)
    site.write("return 200 old;", port, main="include more.conf; error_log stderr;")
    more = site.folder / "more.conf"
    more.write_text("")
    # still root, which must read its own interpreter, but bound by the modes of files
    lost = "-dac_override,-dac_read_search"
    wrapper = ("setpriv", "--bounding-set", lost, "--inh-caps", lost)
    site.running = start("nginx.conf", wrapper=wrapper).ready()
    more.chmod(0o600)
    os.chown(more, 65534, 65534)
    sent = site.send("reload")
    assert sent.returncode == 1
    assert (
        "goes on with the old configuration: cannot read `more.conf`: Permission denied in nginx.conf:1" in sent.stderr
    )
    assert get(port).endswith(b"old")


def test_s_reload_says_that_the_process_has_ended(site: Site) -> None:
    (port,) = free_ports(1)
    site.write("return 200 old;", port)
    site.start()
    site.running.signal(signal.SIGSTOP)
    command = [sys.executable, "-m", "pyproxy", "-c", "nginx.conf", "-s", "reload"]
    with subprocess.Popen(command, cwd=site.folder, stderr=subprocess.PIPE, text=True) as sender:
        until(lambda: pending(site.running.process.pid, signal.SIGHUP) or sender.poll() is not None)
        site.running.process.kill()
        site.running.ended()
        assert sender.wait() == 1
        assert sender.stderr is not None
        assert "has ended before it had read the configuration" in sender.stderr.read()


def pending(pid: int, number: int) -> bool:
    """Whether a signal waits for a process that is stopped."""
    status = Path(f"/proc/{pid}/status").read_text()
    mask = next(int(line.split()[1], 16) for line in status.splitlines() if line.startswith("ShdPnd:"))
    return bool(mask >> (number - 1) & 1)


def test_s_does_not_touch_a_stranger_and_opens_no_log(site: Site) -> None:
    site.write("return 200;", 1, main="error_log error.log;")
    stranger = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        (site.folder / "run.pid").write_text(f"{stranger.pid}\n")
        assert site.send("stop").returncode == 1
        assert lives(stranger.pid)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        with stranger:
            pass
    assert not (site.folder / "error.log").exists()


def test_a_wildcard_address_becomes_a_particular_one_and_back(site: Site) -> None:
    (port,) = free_ports(1)
    site.write("return 200 old;", port)
    site.start()
    particular = site.file.read_text()
    for number, text in enumerate((particular.replace("127.0.0.1:", "*:"), particular)):
        site.file.write_text(text.replace("old", str(number)))
        site.hup()
        until(lambda number=number: get(port).endswith(b"%d" % number))
    assert site.running.stop() == 0


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_nobody_waits_where_nobody_accepts_any_more(site: Site) -> None:
    (port,) = free_ports(1)
    site.write("return 200 old;", port)
    site.start()
    master = site.running.process.pid
    (worker,) = site.running.descendants()
    number = listening(port)
    assert number in sockets_of(master)
    os.kill(worker, signal.SIGSTOP)  # it accepts no more, and does not hear that it is to close its socket either
    try:
        began = time.monotonic()
        site.file.write_text(site.file.read_text().replace("127.0.0.1:", "*:").replace("old", "new"))
        site.running.signal(signal.SIGHUP)
        until(lambda: number not in sockets_of(master))
        assert time.monotonic() - began < STOPPING
    finally:
        os.kill(worker, signal.SIGCONT)
    until(lambda: get(port).endswith(b"new"))


def listening(port: int) -> str:
    """The inode of the socket that listens at a port of 127.0.0.1."""
    lines = map(str.split, Path("/proc/net/tcp").read_text().splitlines())
    return next(words[9] for words in lines if words[1] == f"0100007F:{port:04X}" and words[3] == "0A")


def sockets_of(pid: int) -> set[str]:
    """The inodes of the sockets that a process has open."""
    found = set()
    for fd in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            found.add(os.readlink(fd).removeprefix("socket:[").removesuffix("]"))
    return found
