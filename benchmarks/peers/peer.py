"""What a server must tell the harness to take part, and what it is to serve."""

from __future__ import annotations

import re
import shutil
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from types import MappingProxyType

from benchmarks.lab import REPOSITORY

CONNECTIONS = 8192
"""Connections that every server must be able to hold."""

PEERS_ENVIRONMENT = REPOSITORY / ".venv-peers"
"""Where `make bench-peers` installs what does not go together with pyproxy's own libraries."""


class Role(Enum):
    """What a server does in a scenario."""

    PROXY = "passes requests on"
    FILES = "serves a folder"
    WEBSOCKET = "passes WebSockets on"


@dataclass(frozen=True)
class Site:
    """What a server is to serve, the same for all."""

    role: Role
    folder: Path
    """For the server's own files: configuration, logs, temporary files."""
    port: int
    upstream: str = ""
    """host:port, or unix:/path."""
    root: Path | None = None
    buffered_uploads: bool = True
    timeout: float = 60
    """Seconds for the upstream to take a connection, and between two reads from it."""
    extra: Mapping[str, str] = field(default_factory=dict)
    """Directives of nginx for the upstream group, as pyproxy may have more than others."""


class Peer(ABC):
    """A server that can be measured."""

    name: str
    install: str
    """What to do where it is missing."""
    roles: frozenset[Role] = frozenset({Role.PROXY})

    @abstractmethod
    def program(self) -> Sequence[str] | None:
        """The beginning of its command line; None if it is not on this machine."""

    @abstractmethod
    def command(self, site: Site) -> Sequence[str]:
        """Write its configuration for the site; the command line that serves it in the foreground."""

    version_option = "-v"
    cwd = REPOSITORY
    environment: Mapping[str, str] = MappingProxyType({})

    def version(self) -> str:
        """Its version, as it says it itself."""
        program = self.program()
        if not program:
            return ""
        run = subprocess.run(
            [*program, self.version_option],
            capture_output=True,
            text=True,
            timeout=30,
            stdin=subprocess.DEVNULL,
            cwd=self.cwd,
        )
        found = re.search(r"\d+(\.\d+)+", run.stdout + run.stderr)
        return found[0] if found else ""


def installed(*names: str) -> str | None:
    """The first of these programs there is. A name with a slash is a path."""
    return next((path for name in names if (path := shutil.which(name))), None)
