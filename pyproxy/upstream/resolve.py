"""Names of upstream servers become addresses when the configuration is read, as in nginx."""

from __future__ import annotations

import socket
from dataclasses import replace

from pyproxy.config.tree import Source
from pyproxy.config.values import Address


def resolve(address: Address, warnings: list[str], source: Source) -> list[Address]:
    """Every address that a name stands for.

    A name that means nothing yet stays a name, with a warning: it is looked up at each connection, and does
    not keep the other sites from starting (nginx refuses to start here).
    """
    if address.path is not None:
        return [address]
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    except OSError as error:
        warnings.append(f'host not found in upstream "{address}" in {source} ({error}); looked up when it is needed')
        return [address]
    # a dict keeps the resolver's order and drops repetitions
    return list(dict.fromkeys(replace(address, host=str(sockaddr[0])) for *_, sockaddr in found))
