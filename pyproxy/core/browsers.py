"""Browsers that are treated otherwise (``keepalive_disable``, ``msie_refresh``), told by their User-Agent as nginx
does."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyproxy.core.message import RequestHead


def msie(head: RequestHead) -> bool:
    """Whether it is an Internet Explorer."""
    return bool(_msie_version(head))


def old_msie(head: RequestHead) -> bool:
    """Whether it is a POST of an Internet Explorer up to 6, which may wait for its answer in vain."""
    version = _msie_version(head) if head.method == b"POST" else b""
    if version[1:2] != b".":
        return False
    return version[:1] in (b"4", b"5") or (version[:1] == b"6" and b"SV1" not in version[3:])


def _msie_version(head: RequestHead) -> bytes:
    """The version and what follows it; empty for another browser."""
    agent = head.fields.get(b"user-agent") or b""
    found = agent.partition(b"MSIE ")[2]
    return b"" if len(found) < 3 or b"Opera" in agent else found


def safari(head: RequestHead) -> bool:
    """Whether it is a Safari on a Mac, which may post to a connection that has been closed."""
    agent = head.fields.get(b"user-agent") or b""
    if b"Safari/" not in agent or b"Mac OS X" not in agent:
        return False
    return not any(other in agent for other in (b"MSIE ", b"Opera", b"Gecko/", b"Chrome/"))
