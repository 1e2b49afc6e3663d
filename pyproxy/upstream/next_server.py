"""Whether another server is asked after one that failed: ``proxy_next_upstream`` and its limits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyproxy.upstream.attempt import Attempt
    from pyproxy.upstream.exchange import Exchange
    from pyproxy.upstream.peer import Peer

NO_FAILURES = frozenset({"http_403", "http_404"})
"""Answers after which another server may be asked, but which say nothing against this one."""
_NON_IDEMPOTENT = frozenset({b"POST", b"LOCK", b"PATCH"})


def failed_peers(attempts: Sequence[Attempt]) -> set[Peer]:
    """The servers that are not asked again."""
    return {attempt.peer for attempt in attempts if attempt.failed}


def may_ask_another(exchange: Exchange, kind: str, now: float) -> bool:
    """Whether a failure of this kind, as the directive calls it, is another server's turn. At ``now``, in seconds."""
    options = exchange.options
    if kind not in options.next_upstream:
        return False
    if exchange.attempts[-1].connected >= 0:
        # it may have been acted upon already
        if exchange.request.method in _NON_IDEMPOTENT and "non_idempotent" not in options.next_upstream:
            return False
        if exchange.body is not None and not exchange.body.repeatable:
            return False
    failures = sum(attempt.failed for attempt in exchange.attempts)
    if options.next_upstream_tries and failures >= options.next_upstream_tries:
        return False
    # as in nginx, the others count even where all of them are being left alone: then the answer is that none is live
    if failures >= exchange.group.tries:
        return False
    return not options.next_upstream_timeout or now - exchange.started < options.next_upstream_timeout
