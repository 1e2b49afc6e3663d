"""The three ways in which the application is run."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.lab import Lab
from benchmarks.process import Process, free_port

APPLICATION = "benchmarks.story.application:app"
WORKERS = 3
SMALL_BACKLOG = 16
"""Connections that wait before a unix socket refuses more. gunicorn's own default is 2048."""


@dataclass(frozen=True)
class Server:
    """``title`` for people; the command gets where to listen."""

    name: str
    title: str
    unix: bool = False
    options: tuple[str, ...] = ()

    def command(self, address: str) -> list[str]:
        if self.name == "flask":
            port = address.rpartition(":")[2]
            where = ["--host", "127.0.0.1", "--port", port, "--without-threads", "--no-reload", "--no-debugger"]
            return [sys.executable, "-m", "flask", "--app", APPLICATION, "run", *where]
        command = [sys.executable, "-m", "gunicorn", "--bind", address, "--workers", str(WORKERS)]
        return [*command, *self.options, APPLICATION]

    @contextlib.contextmanager
    def running(self, lab: Lab) -> Iterator[str]:
        """Run it on the other core; gives its address as nginx writes it."""
        address = self.address(lab)
        with self.started(lab, address):
            yield address

    def address(self, lab: Lab) -> str:
        """A new place to listen at."""
        return f"unix:{lab.folder(self.name)}/app.sock" if self.unix else f"127.0.0.1:{free_port()}"

    def started(self, lab: Lab, address: str) -> contextlib.AbstractContextManager[Process]:
        place = Path(address[5:]) if self.unix else int(address.rpartition(":")[2])
        return lab.process(self.name, self.command(address), address=place)


FLASK = Server("flask", "Flask's own server, single-threaded")
SYNC = Server(
    "sync",
    f"gunicorn, {WORKERS} sync workers, unix socket, backlog {SMALL_BACKLOG}",
    unix=True,
    options=("--backlog", str(SMALL_BACKLOG)),
)
GEVENT = Server("gevent", f"gunicorn, {WORKERS} gevent workers", options=("--worker-class", "gevent"))
SYNC_TCP = Server("sync-tcp", f"gunicorn, {WORKERS} sync workers")
# Kept connections that are in use would hold its end up for 30 s, and it would answer on them all the time.
RESTARTED = Server("gevent", GEVENT.title, options=(*GEVENT.options, "--graceful-timeout", "1"))
