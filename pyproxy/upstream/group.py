"""Groups of upstream servers, and the choice among them: weighted round robin as nginx does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyproxy.config.values import Address
from pyproxy.upstream.peer import Peer

if TYPE_CHECKING:
    from collections.abc import Collection


@dataclass(slots=True)
class Keepalive:
    """How idle connections to a group's servers are kept; times in seconds. nginx 1.31's defaults."""

    connections: int = 32
    requests: int = 1000
    time: float = 3600.0
    timeout: float = 60.0


class Group:
    """An ``upstream``, named or implied by the address in ``proxy_pass``."""

    __slots__ = ("_backups", "_primaries", "_single", "keepalive", "name", "peers", "tries")

    def __init__(self, name: str, peers: list[Peer], keepalive: Keepalive) -> None:
        self.name = name
        self.keepalive = keepalive
        self.replace(peers)

    def replace(self, peers: list[Peer]) -> None:
        """Let the group consist of these from now on."""
        self.peers = peers
        self._primaries = [peer for peer in peers if not peer.backup]
        self._backups = [peer for peer in peers if peer.backup]
        if len(peers) == 1:
            # a lone server is asked whatever its record: there is no better one
            peers[0].max_fails = 0
        self.tries = sum(not peer.down for peer in peers)
        """How many servers may be asked for one request, whether or not all of them are well."""
        self._single = peers[0] if len(peers) == 1 and not (peers[0].down or peers[0].max_conns) else None

    def pick(self, now: float, tried: Collection[Peer] = ()) -> Peer | None:
        """The next server that was not tried yet; None if no one is left that may be asked."""
        if self._single is not None:
            return None if self._single in tried else self._single
        return self._pick(self._primaries, now, tried) or self._pick(self._backups, now, tried)

    def _pick(self, peers: list[Peer], now: float, tried: Collection[Peer]) -> Peer | None:
        best: Peer | None = None
        total = 0
        for peer in peers:
            if peer in tried or not peer.available(now):
                continue
            peer.current_weight += peer.effective_weight
            total += peer.effective_weight
            if peer.effective_weight < peer.weight:
                peer.effective_weight += 1
            if best is None or peer.current_weight > best.current_weight:
                best = peer
        if best is not None:
            best.current_weight -= total
            if now - best.checked > best.fail_timeout:
                best.checked = now
        return best

    def nobody(self) -> Peer:
        """What stands for the server that was to be asked when there was none: it has the group's name."""
        peer = Peer(Address(self.name, 0), self.keepalive)
        peer.name = self.name
        return peer

    def close(self) -> None:
        """Close the idle connections."""
        for peer in self.peers:
            peer.close()
