"""syslog targets, with a server of the test's own: a UDP or unix datagram socket."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pyproxy.core.logs.log import ERROR, INFO, WARN, ErrorLog, Logs, SiteLogs
from pyproxy.core.logs.syslog import Syslog, SyslogParameters

PATIENCE = 10.0
HOST = re.escape(socket.gethostname().lower())
TIME = r"[A-Z][a-z]{2} [ 123]\d \d\d:\d\d:\d\d"


@pytest.fixture
def logs() -> Iterator[Logs]:
    logs = Logs()
    yield logs
    logs.close()


def udp(port: int = 0) -> socket.socket:
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.settimeout(PATIENCE)
    server.bind(("127.0.0.1", port))
    return server


def unix(path: Path) -> socket.socket:
    server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    server.settimeout(PATIENCE)
    server.bind(str(path))
    return server


def opened(logs: Logs, text: str) -> Syslog:
    return SyslogParameters(f"syslog:{text}").open(SiteLogs(logs, "/"))


def heard(server: socket.socket) -> str:
    return server.recv(65536).decode()


def send(log: Syslog, *lines: bytes) -> None:
    """Have lines sent, and wait until that has been tried."""
    for line in lines:
        log.write(line)
    log.file.flush()
    while log.file._handed != log.file._done:
        pass


@pytest.mark.parametrize(
    ("parameters", "pattern"),
    [
        ("", rf"<190>{TIME} {HOST} nginx: one"),
        ("facility=user", rf"<14>{TIME} {HOST} nginx: one"),
        ("facility=kern,severity=emerg", rf"<0>{TIME} {HOST} nginx: one"),
        ("severity=debug,tag=A_1", rf"<191>{TIME} {HOST} A_1: one"),
        ("nohostname", rf"<190>{TIME} nginx: one"),
        ("nohostname,tag=", rf"<190>{TIME} : one"),
    ],
)
def test_a_line_of_an_access_log(logs: Logs, parameters: str, pattern: str) -> None:
    with udp() as server:
        port = server.getsockname()[1]
        send(opened(logs, f"{parameters},server=127.0.0.1:{port}".lstrip(",")), b"one\n")
        assert re.fullmatch(pattern, heard(server))


def test_an_error_has_its_level_for_severity(logs: Logs, tmp_path: Path) -> None:
    with unix(tmp_path / "log") as server:
        log = opened(logs, f"server=unix:{tmp_path}/log,severity=emerg,facility=daemon")
        ErrorLog([(log, WARN)]).write(ERROR, "one")
        ErrorLog([(log, WARN)]).write(INFO, "not wanted")
        log.file.flush()
        stamp = r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d"
        assert re.fullmatch(rf"<27>{TIME} {HOST} nginx: {stamp} \[error\] \d+#\d+: one", heard(server))


def test_every_line_is_a_message(logs: Logs) -> None:
    with udp() as server:
        send(
            opened(logs, f"server=127.0.0.1:{server.getsockname()[1]}"),
            b"one\n",
            b"\n",
            b"tw\no\n",
            b"x" * 70000 + b"\n",
        )
        assert [heard(server).partition("nginx: ")[2][:10] for _ in range(4)] == ["one", "", "tw\no", "x" * 10]


def test_those_who_write_to_one_server_share_a_socket(logs: Logs) -> None:
    one, two = opened(logs, "server=127.0.0.1:514,tag=a"), opened(logs, "server=127.0.0.1,tag=b")
    assert one.file is two.file
    assert one.file is not opened(logs, "server=127.0.0.1:515").file


def test_a_server_on_udp_that_is_away_for_a_while(logs: Logs, capfd: pytest.CaptureFixture[str]) -> None:
    server = udp()
    port = server.getsockname()[1]
    log = opened(logs, f"server=127.0.0.1:{port}")
    server.close()
    for line in (b"1\n", b"2\n", b"3\n"):
        send(log, line)
    with udp(port) as server:
        send(log, b"4\n")
        assert heard(server).endswith("4")
        send(log, b"5\n")
        assert heard(server).endswith("5")
    said = capfd.readouterr().err.splitlines()
    assert said == [
        f"pyproxy: [warn] send() to syslog server 127.0.0.1:{port} failed (111: Connection refused), lines are lost",
        f"pyproxy: [warn] syslog server 127.0.0.1:{port} is written to again, 3 lines were lost",
    ]


def test_a_server_on_a_unix_socket_that_is_away_for_a_while(
    logs: Logs, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "log"
    log = opened(logs, f"server=unix:{path}")
    send(log, b"1\n", b"2\n")
    with unix(path) as server:
        send(log, b"3\n")
        assert heard(server).endswith("3")
    path.unlink()
    with unix(path) as server:  # started anew in between: nothing is lost
        send(log, b"4\n")
        assert heard(server).endswith("4")
    assert capfd.readouterr().err.splitlines() == [
        f"pyproxy: [warn] send() to syslog server unix:{path} failed (2: No such file or directory), lines are lost",
        f"pyproxy: [warn] syslog server unix:{path} is written to again, 2 lines were lost",
    ]


def test_a_server_that_reads_nothing_keeps_nobody_waiting(
    logs: Logs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pyproxy.core.logs.logsink.PATIENCE", 0.05)
    with unix(tmp_path / "log"):
        log = opened(logs, f"server=unix:{tmp_path}/log")
        send(log, *[b"x" * 1000 + b"\n"] * 1000)
        assert log.file.lost > 0


async def test_lines_are_sent_by_themselves(logs: Logs) -> None:
    with udp() as server:
        log = opened(logs, f"server=127.0.0.1:{server.getsockname()[1]}")
        logs.attach(asyncio.get_running_loop())
        log.write(b"one\n")
        received: Callable[[], str] = lambda: heard(server)  # noqa: E731
        assert (await asyncio.to_thread(received)).endswith("one")


def test_a_server_whose_name_nobody_knows(logs: Logs) -> None:
    with pytest.raises(OSError, match=r"not known|resolution"):
        opened(logs, "server=no.such.host.invalid")
