"""What is remembered of one server that was asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyproxy.upstream.peer import Peer


class Attempt:
    """One server that was asked, for ``$upstream_addr``, ``$upstream_status`` and the times (seconds)."""

    __slots__ = (
        "bytes",
        "connected",
        "ended",
        "failed",
        "headed",
        "peer",
        "received",
        "reused",
        "sent",
        "started",
        "status",
    )

    def __init__(self, peer: Peer, started: float) -> None:
        self.peer = peer
        self.started = started
        self.reused = False
        """Whether it was asked over a kept connection."""
        self.failed = False
        """Whether it counts for ``proxy_next_upstream_tries``, and its server is not asked again."""
        self.connected = self.headed = self.ended = -1.0
        self.status = 0
        self.received = 0
        """Bytes of the answer's body with its framing, if it was wanted."""
        self.bytes = 0
        """All that was received."""
        self.sent = 0
        """Bytes of the request that followed its head."""

    def end(self, now: float) -> None:
        """It is over, if it was not before: its server is busy with one request less."""
        if self.ended < 0:
            self.ended = now
            self.peer.active -= 1
