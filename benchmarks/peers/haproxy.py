"""HAProxy, one thread, with an access log as the others have it."""

from __future__ import annotations

from collections.abc import Sequence

from .peer import CONNECTIONS, Peer, Role, Site, installed

FRAME = """\
global
    maxconn %(connections)d
    nbthread 1
    log stdout format raw local0 info

defaults
    mode http
    log global
    option httplog
    option forwardfor
    timeout connect 60s
    timeout client 75s
    timeout server 60s

frontend site
    bind 127.0.0.1:%(port)d backlog 4096
    default_backend app

backend app
    server app %(upstream)s
"""


class Haproxy(Peer):
    """Serves no files, so it takes part where requests are passed on."""

    name = "haproxy"
    install = "sudo apt install haproxy"
    roles = frozenset({Role.PROXY, Role.WEBSOCKET})

    def program(self) -> Sequence[str] | None:
        found = installed("haproxy", "/usr/sbin/haproxy")
        return [found] if found else None

    def command(self, site: Site) -> Sequence[str]:
        program = self.program()
        assert program
        file = site.folder / "haproxy.cfg"
        file.write_text(FRAME % {"connections": CONNECTIONS, "port": site.port, "upstream": site.upstream})
        return [*program, "-db", "-f", str(file)]
