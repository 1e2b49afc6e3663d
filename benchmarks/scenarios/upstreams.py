"""Upstreams as a context that gives their address."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from benchmarks.lab import Lab


@contextlib.contextmanager
def answering(lab: Lab, size: int) -> Iterator[str]:
    """Every request gets the same answer of so many bytes."""
    with lab.upstream("answers", str(size)) as port:
        yield f"127.0.0.1:{port}"


@contextlib.contextmanager
def echoing(lab: Lab) -> Iterator[str]:
    """WebSocket messages come back."""
    with lab.upstream("websocket_echo") as port:
        yield f"127.0.0.1:{port}"


@contextlib.contextmanager
def transferring(lab: Lab, file: str) -> Iterator[str]:
    """GET sends the file, PUT takes a body."""
    with lab.upstream("transfers", file) as port:
        yield f"127.0.0.1:{port}"


@contextlib.contextmanager
def nobody() -> Iterator[str]:
    """No upstream."""
    yield ""
