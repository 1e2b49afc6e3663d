"""The processes of a session: supervisord, which leads it, and all that its programs have started."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterable, Iterator


def members(session: int) -> list[int]:
    """Process ids in the session, zombies left out. The id of a session is not given anew while it has a member."""
    found = []
    for pid in _alive():
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if os.getsid(pid) == session:
                found.append(pid)
    return found


def kill(pids: Iterable[int], signal: int) -> None:
    """Sends a signal to each of the processes."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal)


def started_by(server: str) -> list[int]:
    """The programs of the supervisord at this URL and all that they have started, where the system tells (/proc).

    For one that has ended without a word; its process id may be another's by now.
    """
    found = []
    wanted = f"SUPERVISOR_SERVER_URL={server}".encode()
    for pid in _alive():
        with contextlib.suppress(OSError), open(f"/proc/{pid}/environ", "rb") as environment:
            if wanted in environment.read().split(b"\0"):
                found.append(pid)
    return found


def lives(pid: int) -> bool:
    """Whether there is a process of this id, and it is no zombie."""
    return pid in _alive()


def _alive() -> Iterator[int]:
    if os.path.exists("/proc/self/stat"):
        for name in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError), open(f"/proc/{name}/stat", "rb") as stat:
                # the state follows the program's name, which stands in parentheses and may hold any character
                if stat.read().rpartition(b") ")[2][:1] not in b"ZX":
                    yield int(name)
    else:
        listing = subprocess.run(["ps", "-A", "-o", "pid=,stat="], capture_output=True, text=True, check=True).stdout
        for pid, state in (line.split() for line in listing.splitlines()):
            if not state.startswith("Z"):
                yield int(pid)
