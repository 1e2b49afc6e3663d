"""What is said of a server that could not be asked, in nginx's words."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

from pyproxy.core.logs.log import CRIT, ERROR

if TYPE_CHECKING:
    from pyproxy.upstream.peer import Peer


def reason(error: Exception) -> str:
    """The system's number and words for an error, also where a library has wrapped them."""
    number = getattr(error, "errno", None)
    return f"{number}: {os.strerror(number)}" if number else str(error) or type(error).__name__


def connect_failure(peer: Peer, error: Exception) -> tuple[str, int]:
    """The log line, and its level, for a connection that could not be made."""
    if isinstance(error, socket.gaierror):
        return f"{peer.name} could not be resolved ({error.strerror})", ERROR
    path = peer.address.path
    if path is None:
        return f"connect() failed ({reason(error)}) while connecting to upstream", ERROR
    # to a unix socket: it is told at once that it cannot be, and what is not there is worse
    level = ERROR if isinstance(error, ConnectionError) else CRIT
    return f"connect() to unix:{path} failed ({reason(error)}) while connecting to upstream", level
