"""The pid file, by which ``-s`` finds the process that runs."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


class PidFile:
    """Written at the start, removed at the end, never taken from another process that lives."""

    def __init__(self, path: str) -> None:
        self.path = Path(path)

    def running(self) -> int | None:
        """The process that the file names, if it lives."""
        try:
            pid = int(self.path.read_text())
            os.kill(pid, 0)
        except PermissionError:
            return pid
        except (OSError, ValueError):
            return None
        return pid

    def write(self) -> None:
        """Put our own process id there. Raises OSError; FileExistsError if it is another's, which lives."""
        other = self.running()
        if other is not None and other != os.getpid():
            raise FileExistsError(f"{self.path} belongs to process {other}, which is running")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(f"{os.getpid()}\n")

    def remove(self) -> None:
        """Take it away if it is ours."""
        if self.running() == os.getpid():
            with contextlib.suppress(OSError):
                self.path.unlink()
