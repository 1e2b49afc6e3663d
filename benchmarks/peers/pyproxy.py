"""pyproxy as it comes: one master, one worker."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.lab import REPOSITORY

from . import nginx_conf
from .peer import Peer, Role, Site


class Pyproxy(Peer):
    """The pyproxy of this repository, or of another checkout to compare with."""

    install = ""
    roles = frozenset(Role)
    version_option = "-V"

    def __init__(self, name: str = "pyproxy", checkout: Path = REPOSITORY) -> None:
        self.name = name
        # `python -m` finds the package in the current folder first.
        self.cwd = checkout

    def program(self) -> Sequence[str]:
        return [sys.executable, "-m", "pyproxy"]

    def command(self, site: Site) -> Sequence[str]:
        return [*self.program(), "-c", str(nginx_conf.write(site)), "-p", str(site.folder)]
