"""USR2: a new program on the same sockets. The old one stays until it is told to go, so that it can take over again."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence

from pyproxy.process.inherited import NGINX
from pyproxy.process.pidfile import PidFile

LOOK = 0.1
"""Seconds between two looks whether the new program still runs."""


class Upgrade:
    """The two programs, as each of them sees it."""

    def __init__(self, is_new: bool) -> None:
        """``is_new``: this program has been started by an old one."""
        self._old = os.getppid() if is_new else 0
        self._new: subprocess.Popen[bytes] | None = None
        self.has_failed = False
        """Whether the new program has ended, and the old one is to serve again."""

    @property
    def new(self) -> int:
        """The process id of the new program, or 0."""
        return self._new.pid if self._new is not None else 0

    def is_under_way(self) -> bool:
        """Whether the old and the new program both run."""
        return self._new is not None or (self._old != 0 and os.getppid() == self._old)

    async def run(self, pid_file: PidFile, descriptors: Sequence[int], environment: Mapping[str, str]) -> int:
        """Run the program as it is on the disk now, and wait for its end; with what status, less than 0 for a signal.

        Meanwhile the pid file is the new program's. Raises OSError if it cannot be started.
        """
        pid_file.step_aside()
        try:
            self._new = _start(descriptors, environment)
        except OSError:
            pid_file.come_back()
            raise
        while (status := self._new.poll()) is None:  # noqa: ASYNC110  # nobody tells
            await asyncio.sleep(LOOK)
        self._new = None
        pid_file.come_back()
        return status


def _start(descriptors: Sequence[int], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, *sys.orig_argv[1:]],
        env={**os.environ, **environment, NGINX: "".join(f"{fd};" for fd in descriptors)},
        pass_fds=descriptors,
    )


def has_terminal() -> bool:
    """Whether WINCH may mean no more than that the size of a terminal has changed."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True
