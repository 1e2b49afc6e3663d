"""The local address of connections to upstreams (``proxy_bind``)."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING

from pyproxy.config import values
from pyproxy.core.logs.log import ERROR

if TYPE_CHECKING:
    from pyproxy.core.request import Request
    from pyproxy.core.variables import Template

LocalAddress = tuple[str, int]
"""Host and port; port 0 for any."""


class Bind:
    """One ``proxy_bind``, constant or with variables."""

    def __init__(self, text: Template) -> None:
        """Raises ValueError if a constant ``text`` is no address."""
        self._text = text
        self._constant: LocalAddress | None = None
        if (constant := text.constant) is not None:
            self._constant = local_address(constant.decode())

    def address(self, request: Request) -> LocalAddress | None:
        """Where to connect from; None for wherever the system likes. What is no address is logged, as in nginx."""
        if self._constant is not None:
            return self._constant
        text = self._text.render(request).decode("utf-8", "backslashreplace")
        try:
            return local_address(text) if text else None
        except ValueError as error:
            request.complain(ERROR, str(error))
            return None


def local_address(text: str) -> LocalAddress:
    """``address[:port]``, an IPv6 one in brackets if a port follows. Raises ValueError."""
    try:
        if text.count(":") > 1 and not text.startswith("["):
            return str(ip_address(text)), 0
        address = values.server_address(text, 0)
        ip_address(address.host)
    except ValueError:
        raise ValueError(f'invalid local address "{text}", expected an IP address with or without a port') from None
    return address.host, address.port
