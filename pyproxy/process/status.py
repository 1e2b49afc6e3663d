"""What became of a reload: a file beside the pid file, for a ``-s reload`` that waits for the outcome."""

from __future__ import annotations

import contextlib
import itertools
import os
from dataclasses import dataclass
from pathlib import Path

_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Status:
    """One reload."""

    name: str = ""
    """No other one, of no other process either, has it."""
    over: bool = True
    problem: str = ""
    """Why the configuration is not used."""

    @classmethod
    def begin(cls, pid_file: Path) -> Status:
        """A reload that reads the configuration from now on."""
        begun = cls(f"{os.getpid()}.{next(_numbers)}", over=False)
        begun._write(pid_file)
        return begun

    def end(self, pid_file: Path, problem: str = "") -> None:
        """It is done, or refused."""
        Status(self.name, True, problem)._write(pid_file)

    def _write(self, pid_file: Path) -> None:
        path = _path(pid_file)
        new = path.with_name(f"{path.name}~")
        text = f"{self.name} {'over' if self.over else 'begun'}\n{self.problem}"
        with contextlib.suppress(OSError):
            new.write_text(text, "utf-8", "backslashreplace")
            new.replace(path)

    @classmethod
    def read(cls, pid_file: Path) -> Status:
        """The last one."""
        try:
            first, _, problem = _path(pid_file).read_text("utf-8", "replace").partition("\n")
        except OSError:
            return cls()
        name, _, state = first.partition(" ")
        return cls(name, state == "over", problem)


def forget(pid_file: Path) -> None:
    """Leave no file behind."""
    with contextlib.suppress(OSError):
        _path(pid_file).unlink()


def _path(pid_file: Path) -> Path:
    return pid_file.with_name(f"{pid_file.name}.reload")
