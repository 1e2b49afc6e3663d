"""Which process listens at an address of this machine, as far as the system tells (Linux's /proc)."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator


def listener(address: tuple[str, int] | str) -> str:
    """``process 123 (gunicorn)``, or ``another process`` where that cannot be known."""
    wanted = {f"socket:[{inode}]" for inode in _listening(address)}
    for pid in sorted(map(int, filter(str.isdigit, os.listdir("/proc")))) if wanted else ():
        with contextlib.suppress(OSError):  # it has ended, or is another user's
            folder = f"/proc/{pid}/fd"
            if any(os.readlink(f"{folder}/{fd}") in wanted for fd in os.listdir(folder)):
                with open(f"/proc/{pid}/comm") as name:
                    return f"process {pid} ({name.read().strip()})"
    return "another process"


def _listening(address: tuple[str, int] | str) -> Iterator[str]:
    """The inodes of the sockets that listen on this port, on whatever address, or at this path."""
    if isinstance(address, str):
        for line in _lines("/proc/net/unix"):
            # Num RefCount Protocol Flags Type St Inode Path; the flag is __SO_ACCEPTCON
            if len(line) >= 8 and line[7] == address and line[3] == "00010000":
                yield line[6]
        return
    port = f"{address[1]:04X}"
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in _lines(table):
            # sl local_address rem_address st ... inode is the tenth; the state is TCP_LISTEN
            if len(line) > 9 and line[3] == "0A" and line[1].endswith(f":{port}"):
                yield line[9]


def _lines(table: str) -> list[list[str]]:
    try:
        with open(table) as file:
            return [line.split() for line in file]
    except OSError:
        return []
