"""All servers that can be measured, in the order in which tables show them."""

from __future__ import annotations

from pathlib import Path

from .aiohttp_proxy import AiohttpProxy
from .caddy import Caddy
from .haproxy import Haproxy
from .mitmproxy import Mitmproxy
from .nginx import Nginx, NginxWheel
from .peer import Peer
from .pyproxy import Pyproxy
from .twisted_proxy import TwistedProxy


def everyone(nginx: str = "", before: Path | None = None) -> list[Peer]:
    """``nginx``: the path of the nginx that is the yardstick; ``before``: another checkout of pyproxy."""
    earlier = [Pyproxy("before", before)] if before else []
    return [
        Pyproxy(),
        *earlier,
        Nginx(nginx),
        NginxWheel(),
        Haproxy(),
        Caddy(),
        AiohttpProxy(),
        TwistedProxy(),
        Mitmproxy(),
    ]
