"""What stands before the application: nothing, nginx, pyproxy, and pyproxy that lets requests wait (`queue`)."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator, Sequence

from benchmarks.lab import Lab
from benchmarks.peers.peer import Peer, Role, Site
from benchmarks.process import free_port

TIMEOUT = 10.0
"""Seconds that a proxy waits for the application before it answers 504 (nginx's default: 60)."""
QUEUE = "pyproxy, queue"
FRONTS = ("direct", "nginx", "pyproxy", QUEUE)
WAITING = {"queue": "10000 timeout=30s"}


class Fronts:
    """Starts them; tells which there are."""

    def __init__(self, lab: Lab, peers: Sequence[Peer]) -> None:
        self._lab = lab
        self._peers = {peer.name: peer for peer in peers if peer.program()}
        self.names = [name for name in FRONTS if self._is_there(name)]

    def _is_there(self, name: str) -> bool:
        return name == "direct" or name in self._peers or (name == QUEUE and self._can_queue())

    def _can_queue(self) -> bool:
        """Whether this pyproxy knows the directive."""
        pyproxy = self._peers.get("pyproxy")
        if pyproxy is None:
            return False
        command = pyproxy.command(self._site(QUEUE, 1, "127.0.0.1:1"))
        check = subprocess.run([*command, "-t"], cwd=pyproxy.cwd, capture_output=True, timeout=30)
        return check.returncode == 0

    def _site(self, name: str, port: int, upstream: str) -> Site:
        extra = WAITING if name == QUEUE else {}
        return Site(Role.PROXY, self._lab.folder("front"), port, upstream, timeout=TIMEOUT, extra=extra)

    @contextlib.contextmanager
    def running(self, name: str, upstream: str) -> Iterator[str]:
        """Run one before the upstream; gives the address to ask."""
        if name == "direct":
            yield upstream
            return
        peer, port = self._peers[name.partition(",")[0]], free_port()
        site = self._site(name, port, upstream)
        with self._lab.process(
            peer.name,
            peer.command(site),
            measured=True,
            address=port,
            environment=peer.environment,
            cwd=peer.cwd,
            folder=site.folder,
        ):
            yield f"127.0.0.1:{port}"
