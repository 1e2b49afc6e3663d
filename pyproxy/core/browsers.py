"""Browsers that are better not kept connected (``keepalive_disable``), told by their User-Agent as nginx does."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyproxy.core.message import RequestHead


def old_msie(head: RequestHead) -> bool:
    """Whether it is a POST of an Internet Explorer up to 6, which may wait for its answer in vain."""
    if head.method != b"POST":
        return False
    agent = head.fields.get(b"user-agent") or b""
    found = agent.partition(b"MSIE ")[2]
    if len(found) < 3 or found[1:2] != b"." or b"Opera" in agent:
        return False
    return found[:1] in (b"4", b"5") or (found[:1] == b"6" and b"SV1" not in found[3:])


def safari(head: RequestHead) -> bool:
    """Whether it is a Safari on a Mac, which may post to a connection that has been closed."""
    agent = head.fields.get(b"user-agent") or b""
    if b"Safari/" not in agent or b"Mac OS X" not in agent:
        return False
    return not any(other in agent for other in (b"MSIE ", b"Opera", b"Gecko/", b"Chrome/"))
