"""Twisted's ReverseProxyResource, which comes with it. From .venv-peers, see `make bench-peers`.

As a program: python -m benchmarks.peers.twisted_proxy PORT HOST UPSTREAM_PORT ACCESS_LOG
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from .peer import PEERS_ENVIRONMENT, Peer, Site


class TwistedProxy(Peer):
    name = "twisted"
    install = "make bench-peers"
    version_option = "--version"

    def program(self) -> Sequence[str] | None:
        if not any(PEERS_ENVIRONMENT.glob("lib/python*/site-packages/twisted")):
            return None
        return [str(PEERS_ENVIRONMENT / "bin" / "python"), "-m", "benchmarks.peers.twisted_proxy"]

    def command(self, site: Site) -> Sequence[str]:
        host, _, port = site.upstream.partition(":")
        return [*(self.program() or ()), str(site.port), host, port, str(site.folder / "access.log")]


def main(port: int, host: str, upstream_port: int, access_log: str) -> None:
    """Serve until SIGTERM."""
    from twisted.internet import reactor
    from twisted.web.proxy import ReverseProxyResource
    from twisted.web.server import Site as TwistedSite

    site = TwistedSite(ReverseProxyResource(host, upstream_port, b""), logPath=access_log.encode())
    reactor.listenTCP(port, site, backlog=4096, interface="127.0.0.1")
    reactor.run()


if __name__ == "__main__":
    if sys.argv[1:] == ["--version"]:
        import twisted

        print(twisted.__version__)
    else:
        main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4])
