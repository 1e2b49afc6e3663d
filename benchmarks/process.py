"""A process that the harness started: pinned, watched, and ended with all that it started itself."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from .machine import on

PATIENCE = 10.0
"""Seconds that a program may take to start or to stop."""
TICKS = os.sysconf("SC_CLK_TCK")
"""Units of CPU time in /proc, per second."""


class Process:
    """One program on the cores given, its output in a file."""

    def __init__(
        self,
        command: Sequence[str],
        cores: frozenset[int],
        folder: Path,
        name: str,
        environment: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> None:
        """Raises OSError if the command cannot be run."""
        self.name = name
        self.output = folder / f"{name}.output"
        with self.output.open("ab") as output, on(cores):
            self._popen = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(environment or {})},
                cwd=cwd,
                # Ctrl-C is for the harness alone, which then stops everything in order.
                start_new_session=True,
            )
        self.pid = self._popen.pid

    def wait_for(self, address: int | Path) -> None:
        """Wait until a port or a unix socket takes connections. Raises RuntimeError with what the program said."""
        deadline = time.monotonic() + PATIENCE
        while not accepts(address):
            if self._popen.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{self.name} did not start:\n{self.said()}")
            time.sleep(0.01)

    def said(self) -> str:
        """The end of its output."""
        return self.output.read_text(errors="replace")[-2000:]

    def wait(self) -> None:
        """Wait until it has ended by itself, to the microsecond. Raises RuntimeError if it does not."""
        # Popen.wait with a timeout looks every 50 ms only.
        watched = os.pidfd_open(self.pid)
        try:
            ended, _, _ = select.select([watched], [], [], PATIENCE)
        finally:
            os.close(watched)
        if not ended:
            raise RuntimeError(f"{self.name} did not end within {PATIENCE:.0f} s")
        self._popen.wait()

    def running(self) -> bool:
        return self._popen.poll() is None

    def tree(self) -> list[int]:
        """Its process id and those of all below it."""
        parents = _parents()
        tree = [self.pid]
        for pid in tree:
            tree += [child for child, parent in parents.items() if parent == pid]
        return tree

    def cpu_seconds(self) -> float:
        """CPU time of the whole tree so far, what ended children used included."""
        return sum(sum(map(int, _stat(pid)[11:15])) for pid in self.tree()) / TICKS

    def memory(self) -> int:
        """Bytes of memory of the whole tree, shared pages counted once (PSS)."""
        return sum(_pss(pid) for pid in self.tree())

    def stop(self) -> None:
        """End it and all below it; what does not end by itself is killed."""
        # With the time of its start, because a process id may belong to somebody else by now.
        tree = {pid: _started(pid) for pid in self.tree()}
        if self.running():
            self._popen.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._popen.wait(PATIENCE)
        for pid, started in tree.items():
            if started and _started(pid) == started:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        self._popen.wait()


def accepts(address: int | Path) -> bool:
    """Whether somebody takes connections there."""
    family = socket.AF_UNIX if isinstance(address, Path) else socket.AF_INET
    with socket.socket(family) as sock:
        sock.settimeout(1)
        with contextlib.suppress(OSError):
            sock.connect(str(address) if isinstance(address, Path) else ("127.0.0.1", address))
            return True
    return False


def free_port() -> int:
    """A port that nobody listens at now."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port: int = sock.getsockname()[1]
        return port


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat after the name: state, parent, group, session ...; empty if it has ended."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return []


def _started(pid: int) -> str:
    return "".join(_stat(pid)[19:20])


def _parents() -> dict[int, int]:
    pids = [int(entry) for entry in os.listdir("/proc") if entry.isdigit()]
    return {pid: int(fields[1]) for pid in pids if (fields := _stat(pid))}


def _pss(pid: int) -> int:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0
