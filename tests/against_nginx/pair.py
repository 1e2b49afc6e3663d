"""nginx and pyproxy side by side on one configuration."""

from __future__ import annotations

import difflib
import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from .client import converse
from .exchange import Deviation, Exchange, as_tuple
from .servers import STARTERS, Server
from .transcript import error_line, transcript
from .upstream import PATIENCE, Upstream

SUBJECT = os.environ.get("AGAINST_NGINX", "pyproxy")
"""Who is compared with nginx. ``AGAINST_NGINX=nginx`` compares it with itself, which tests the exchanges."""

LONG_REQUEST = 4000
"""Requests longer than this (characters) are cut in reports."""


class Pair:
    """Both servers, started once for all exchanges of a configuration, with one upstream."""

    def __init__(
        self,
        configuration: str,
        values: Mapping[str, str],
        upstream: Upstream,
        folder: Path,
        needs: Sequence[str] = (),
    ) -> None:
        """``needs``: modules that not every nginx is built with."""
        self.upstream = upstream
        self.nginx = STARTERS["nginx"](configuration, values, folder / "reference", needs)
        try:
            self.subject = STARTERS[SUBJECT](configuration, values, folder / "subject", needs)
        except BaseException:
            self.nginx.stop()
            raise

    def stop(self) -> None:
        try:
            self.nginx.stop()
        finally:
            self.subject.stop()

    def compare(self, exchange: Exchange) -> None:
        """Run the exchange against both; fail if they differ, or if a deviation is not what it says."""
        expected, statuses = self.run(self.nginx, exchange)
        _check("nginx", expected, statuses, exchange)
        found, statuses = self.run(self.subject, exchange)
        if exchange.deviates and self.subject.name != "nginx":
            _check(self.subject.name, found, statuses, exchange.deviates)
            if found == expected:
                pytest.fail(f"a deviation that is none (any more):\n{found}", pytrace=False)
        elif found != expected:
            pytest.fail(report(exchange, expected, found), pytrace=False)

    def run(self, server: Server, exchange: Exchange) -> tuple[str, tuple[int, ...]]:
        """The transcript of the exchange with one server, and the statuses of its final answers."""
        replies = exchange.upstream
        log_start, errors_start = _size(server.access_log), _size(server.error_log)
        self.upstream.begin(replies if isinstance(replies, tuple) else (replies,))
        talk = converse(server.ports[exchange.at], exchange, self.upstream)
        connections = self.upstream.finish()
        log = _new_lines(server.access_log, log_start, exchange.logs) if exchange.logs else []
        if exchange.errors:
            log += error_lines(lambda: _read(server.error_log, errors_start), exchange.errors, server.prefix)
        statuses = tuple(a.status for a in talk.answers if a.status == 101 or not 100 <= a.status < 200)
        ports = {**server.ports, "upstream": self.upstream.port}
        return transcript(talk, connections, log, ports), statuses


def _check(name: str, text: str, statuses: tuple[int, ...], claim: Exchange | Deviation) -> None:
    if statuses != as_tuple(claim.status):
        pytest.fail(f"{name} should answer {claim.status}, not {statuses}:\n{text}", pytrace=False)
    if claim.contains not in text + "\n" or (claim.lacks and claim.lacks in text):
        pytest.fail(f"{name} should show {claim.contains!r} and not {claim.lacks!r}:\n{text}", pytrace=False)


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


def _read(file: Path, start: int) -> bytes:
    return file.read_bytes()[start:] if file.exists() else b""


def error_lines(read: Callable[[], bytes], count: int, prefix: Path) -> list[bytes]:
    """The lines about requests that an error log has got, waiting until there are ``count`` of them."""
    deadline = time.monotonic() + PATIENCE
    while True:
        lines = [found for line in read().splitlines() if (found := error_line(line, prefix)) is not None]
        if len(lines) >= count or time.monotonic() > deadline:
            return lines
        time.sleep(0.01)


def _new_lines(file: Path, start: int, count: int) -> list[bytes]:
    """The lines written since ``start``, waiting until there are ``count`` of them."""
    deadline = time.monotonic() + PATIENCE
    while True:
        lines = file.read_bytes()[start:].splitlines(keepends=True) if file.exists() else []
        if (len(lines) >= count and lines[-1].endswith(b"\n")) or time.monotonic() > deadline:
            return [line.rstrip(b"\n") for line in lines]
        time.sleep(0.01)


def report(exchange: Exchange, expected: str, found: str) -> str:
    """What was sent, and the two transcripts as one: lines of nginx alone, of the subject alone, of both."""
    sent = "\n".join(f"  {step!r}" if isinstance(step, bytes) else f"  {step}" for step in exchange.steps)
    if len(sent) > LONG_REQUEST:
        sent = sent[:LONG_REQUEST] + " ..."
    lines = list(difflib.ndiff(expected.splitlines(), found.splitlines(), charjunk=None))
    both = "\n".join(line for line in lines if not line.startswith("?"))
    return f"\nclient >\n{sent}\n\n(- nginx, + {SUBJECT})\n{both}"
